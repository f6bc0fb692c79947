-- What values does each feature take?
--
-- column: feature VARCHAR  stored name
-- column: item VARCHAR  the file that computes it
-- column: kind VARCHAR  feature or estimator
-- column: n_samples BIGINT  samples characterized
-- column: n_undefined BIGINT  of them without a value
-- column: low DOUBLE  smallest value
-- column: median DOUBLE  median value
-- column: high DOUBLE  largest value
-- column: mean DOUBLE  mean value
-- column: sd DOUBLE  standard deviation
SELECT
    f.name AS feature,
    f.item,
    f.kind,
    count(v.feature_id) AS n_samples,
    count(v.feature_id) - count(v.value) AS n_undefined,
    min(v.value) AS low,
    median(v.value) AS median,
    max(v.value) AS high,
    avg(v.value) AS mean,
    stddev_samp(v.value) AS sd
FROM feature AS f
LEFT JOIN feature_value AS v ON v.feature_id = f.id
GROUP BY f.name, f.item, f.kind
ORDER BY f.name
