-- Which samples of known rows have some features but not all that the registry knows?
-- (charz update computes them; what came with figures has no rows to compute them on.)
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: n_samples BIGINT  samples concerned
-- column: feature VARCHAR  a feature that is missing
WITH samples AS (
    SELECT DISTINCT v.encoder_id, v.train_subset_id, v.eval_subset_id
    FROM feature_value AS v
    JOIN subset AS t ON t.id = v.train_subset_id
    JOIN subset AS s ON s.id = v.eval_subset_id
    WHERE t.members_hash IS NOT NULL AND s.members_hash IS NOT NULL
),
missing AS (
    SELECT s.encoder_id, s.train_subset_id, f.name AS feature
    FROM samples AS s
    CROSS JOIN feature AS f
    ANTI JOIN feature_value AS v
        ON v.encoder_id = s.encoder_id
        AND v.train_subset_id = s.train_subset_id
        AND v.eval_subset_id = s.eval_subset_id
        AND v.feature_id = f.id
)
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    count(*) AS n_samples,
    m.feature
FROM missing AS m
JOIN encoder AS e ON e.id = m.encoder_id
JOIN subset AS t ON t.id = m.train_subset_id
JOIN dataset AS d ON d.id = t.labels_of_id
GROUP BY e.spec, d.name, m.feature
ORDER BY e.spec, d.name, m.feature
