-- Where does the time go? Encoding and fitting seconds of each encoder on each dataset.
--
-- parameter: top BIGINT = 20  how many rows
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset embedded, or trained on
-- column: embed_seconds DOUBLE  encoding its texts
-- column: n_tokens BIGINT  tokens read
-- column: fit_seconds DOUBLE  CPU seconds of all fits
-- column: n_fits BIGINT  results with a fit
-- column: total_seconds DOUBLE  both together
WITH embedded AS (
    SELECT
        v.encoder_id, s.dataset_id, sum(v.seconds) AS seconds, sum(v.n_tokens)::BIGINT AS n_tokens
    FROM embedding AS v
    JOIN split AS s ON s.id = v.split_id
    GROUP BY v.encoder_id, s.dataset_id
),
fitted AS (
    SELECT
        r.encoder_id, t.labels_of_id AS dataset_id, sum(r.fit_seconds) AS seconds,
        count(r.fit_seconds) AS n_fits
    FROM result AS r
    JOIN subset AS t ON t.id = r.train_subset_id
    GROUP BY r.encoder_id, t.labels_of_id
),
both_steps AS (
    SELECT
        coalesce(v.encoder_id, f.encoder_id) AS encoder_id,
        coalesce(v.dataset_id, f.dataset_id) AS dataset_id,
        coalesce(v.seconds, 0) AS embed_seconds,
        v.n_tokens,
        coalesce(f.seconds, 0) AS fit_seconds,
        coalesce(f.n_fits, 0) AS n_fits
    FROM embedded AS v
    FULL JOIN fitted AS f ON f.encoder_id = v.encoder_id AND f.dataset_id = v.dataset_id
)
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    b.embed_seconds,
    b.n_tokens,
    b.fit_seconds,
    b.n_fits,
    b.embed_seconds + b.fit_seconds AS total_seconds
FROM both_steps AS b
JOIN encoder AS e ON e.id = b.encoder_id
JOIN dataset AS d ON d.id = b.dataset_id
ORDER BY total_seconds DESC, encoder, dataset
LIMIT $top
