-- Which features go with accuracy, over all samples and within a dataset?
--
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: n BIGINT = NULL  only this number of training rows
-- column: feature VARCHAR  stored name
-- column: kind VARCHAR  feature or estimator
-- column: n_samples BIGINT  samples with a value and a result
-- column: n_undefined BIGINT  samples where the feature is not defined
-- column: pearson DOUBLE  correlation with accuracy, in [-1, 1]
-- column: spearman DOUBLE  rank correlation with accuracy, ties sharing their mean rank
-- column: pearson_within DOUBLE  correlation of what is left after each dataset's means
WITH samples AS (
    SELECT
        f.name AS feature, f.kind, v.value AS x, c.accuracy AS y, c.dataset
    FROM feature_value AS v
    JOIN feature AS f ON f.id = v.feature_id
    JOIN cell AS c USING (encoder_id, train_subset_id, eval_subset_id)
    WHERE
        c.probe = $probe
        AND c.origin IN ('measured', 'reference')
        AND ($n IS NULL OR c.n_train = $n)
),
undefined AS (
    SELECT feature, kind, count(*) AS n_all, count(*) - count(x) AS n_undefined
    FROM samples
    GROUP BY feature, kind
),
ranked AS (
    SELECT
        feature,
        x,
        y,
        rank() OVER (PARTITION BY feature ORDER BY x)
        + (count(*) OVER (PARTITION BY feature, x) - 1) / 2 AS rank_x,
        rank() OVER (PARTITION BY feature ORDER BY y)
        + (count(*) OVER (PARTITION BY feature, y) - 1) / 2 AS rank_y,
        x - avg(x) OVER (PARTITION BY feature, dataset) AS left_x,
        y - avg(y) OVER (PARTITION BY feature, dataset) AS left_y
    FROM samples
    WHERE x IS NOT NULL
),
-- A constant has no correlation: rounding must not invent one.
figures AS (
    SELECT
        feature,
        count(*) AS n_samples,
        if(min(x) < max(x) AND min(y) < max(y), corr(x, y), NULL) AS pearson,
        if(min(x) < max(x) AND min(y) < max(y), corr(rank_x, rank_y), NULL) AS spearman,
        if(
            max(abs(left_x)) > 1e-12 * max(abs(x)) AND max(abs(left_y)) > 1e-12,
            corr(left_x, left_y), NULL
        ) AS pearson_within
    FROM ranked
    GROUP BY feature
)
SELECT
    u.feature, u.kind, coalesce(f.n_samples, 0) AS n_samples, u.n_undefined,
    f.pearson, f.spearman, f.pearson_within
FROM undefined AS u
LEFT JOIN figures AS f ON f.feature = u.feature
ORDER BY abs(f.spearman) DESC NULLS LAST, u.feature
