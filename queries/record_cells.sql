-- Which accuracies does the public record state, and how much do single draws vary?
--
-- column: encoder VARCHAR  what the record calls the encoder
-- column: task VARCHAR  the dataset
-- column: value DOUBLE  mean accuracy over the draws, or the published mean where there are none
-- column: sd DOUBLE  standard deviation of one draw, NULL under two draws
-- column: n_draws BIGINT  draws that were published
WITH drawn AS (
    SELECT
        encoder_id, eval_subset_id, avg(accuracy) AS value, stddev_samp(accuracy) AS sd,
        count(*) AS n_draws
    FROM result
    WHERE origin = 'mteb'
    GROUP BY encoder_id, eval_subset_id
)
SELECT
    e.name AS encoder,
    d.name AS task,
    coalesce(r.value, n.accuracy) AS value,
    r.sd,
    coalesce(r.n_draws, 0) AS n_draws
FROM entry AS n
JOIN encoder AS e ON e.id = n.encoder_id
JOIN subset AS s ON s.id = n.eval_subset_id
JOIN dataset AS d ON d.id = s.labels_of_id
LEFT JOIN drawn AS r
    ON r.encoder_id = n.encoder_id AND r.eval_subset_id = n.eval_subset_id
ORDER BY e.name, d.name
