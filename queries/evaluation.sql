-- How well does each method predict what it has not seen? The newest evaluation of each metric.
--
-- parameter: metric VARCHAR = NULL  only this metric
-- parameter: hold_out VARCHAR = NULL  only this way of holding out: groups, lineages or both
-- parameter: setting VARCHAR = NULL  only same or shift
-- parameter: bucket VARCHAR = NULL  only these training rows, such as all or 64-128
-- parameter: method VARCHAR = NULL  only this metamodel, baseline or estimator
-- column: metric VARCHAR  what was predicted
-- column: hold_out VARCHAR  what was not learned from
-- column: setting VARCHAR  same, or shift where train and eval rows are of two groups
-- column: bucket VARCHAR  training rows
-- column: method VARCHAR  who predicts
-- column: kind VARCHAR  metamodel, baseline or estimator
-- column: n_rows BIGINT  samples judged
-- column: n_groups BIGINT  dataset groups among them
-- column: unit VARCHAR  of the errors: points, or the metric's own
-- column: mae DOUBLE  mean absolute error
-- column: mae_se DOUBLE  its standard error over groups
-- column: cv_ratio DOUBLE  the error over that of cross-validation on the same rows
-- column: bias DOUBLE  mean of prediction less truth
-- column: r2 DOUBLE  1 less squared error over variance
-- column: coverage DOUBLE  share of truths inside the intervals
-- column: worst_coverage DOUBLE  the same in the quarter of groups that are served worst
-- column: width DOUBLE  mean width of the intervals
-- column: level DOUBLE  the coverage that the intervals promise
-- column: noise_floor DOUBLE  mean standard error of the truth itself
-- column: least_eval BIGINT  eval rows that every judged sample has
-- column: n_sets BIGINT  sets of encoders chosen among
-- column: tau DOUBLE  weighted Kendall correlation with the true order
-- column: tau_se DOUBLE  its standard error over groups
-- column: regret_1 DOUBLE  what the first choice costs
-- column: regret_3 DOUBLE  what the best of the first three costs
WITH newest AS (
    SELECT metric, arg_max(training_fingerprint, created_at) AS training_fingerprint
    FROM evaluation
    GROUP BY metric
)
SELECT
    metric,
    hold_out,
    setting,
    bucket,
    method,
    kind,
    n_rows,
    n_groups,
    unit,
    mae,
    mae_se,
    cv_ratio,
    bias,
    r2,
    coverage,
    worst_coverage,
    width,
    level,
    noise_floor,
    least_eval,
    n_sets,
    tau,
    tau_se,
    regret_1,
    regret_3
FROM evaluation
JOIN newest USING (metric, training_fingerprint)
WHERE
    ($metric IS NULL OR metric = $metric)
    AND ($hold_out IS NULL OR hold_out = $hold_out)
    AND ($setting IS NULL OR setting = $setting)
    AND ($bucket IS NULL OR bucket = $bucket)
    AND ($method IS NULL OR method = $method)
ORDER BY metric, hold_out, setting, bucket, level, least_eval, mae, method
