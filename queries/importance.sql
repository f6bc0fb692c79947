-- What is each family of features worth to a metamodel? Rises of its error on held-out groups.
--
-- parameter: metric VARCHAR = NULL  only this metric
-- parameter: item VARCHAR = NULL  only this metamodel
-- column: metric VARCHAR  what was predicted
-- column: item VARCHAR  the metamodel
-- column: setting VARCHAR  same, or shift where train and eval rows are of two groups
-- column: family VARCHAR  the family of features
-- column: n_features BIGINT  features in it
-- column: n_rows BIGINT  samples judged
-- column: n_groups BIGINT  dataset groups among them
-- column: unit VARCHAR  of the errors: points, or the metric's own
-- column: mae DOUBLE  mean absolute error with every feature
-- column: permuted DOUBLE  its rise when the family is shuffled
-- column: permuted_se DOUBLE  standard error over groups
-- column: dropped DOUBLE  its rise when the metamodel is fitted without the family
-- column: dropped_se DOUBLE  standard error over groups
WITH newest AS (
    SELECT metric, item, arg_max(training_fingerprint, created_at) AS training_fingerprint
    FROM importance
    GROUP BY metric, item
)
SELECT
    metric,
    item,
    setting,
    family,
    n_features,
    n_rows,
    n_groups,
    unit,
    mae,
    permuted,
    permuted_se,
    dropped,
    dropped_se
FROM importance
JOIN newest USING (metric, item, training_fingerprint)
WHERE ($metric IS NULL OR metric = $metric) AND ($item IS NULL OR item = $item)
ORDER BY metric, item, setting, permuted DESC, family
