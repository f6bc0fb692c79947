-- What were people told of texts of their own by compare, coverage, label and head?
--
-- parameter: command VARCHAR = NULL  only answers of this command
-- column: key VARCHAR  the answer's key
-- column: command VARCHAR  who answered
-- column: encoders VARCHAR  the encoders asked about, with commas between
-- column: asked VARCHAR  all that was asked, JSON
-- column: files VARCHAR  SHA-256 of each file, JSON
-- column: said VARCHAR  the answer, JSON
-- column: version VARCHAR  of charz
-- column: created_at TIMESTAMP  UTC
SELECT
    a.key,
    a.command,
    array_to_string((a.asked->'encoders')::VARCHAR[], ', ') AS encoders,
    a.asked::VARCHAR AS asked,
    a.files::VARCHAR AS files,
    a.said::VARCHAR AS said,
    run.version,
    a.created_at
FROM answer AS a
LEFT JOIN run ON run.id = a.run_id
WHERE $command IS NULL OR a.command = $command
ORDER BY a.created_at, a.key
