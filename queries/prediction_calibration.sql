-- How far off were the predictions whose outcome is known, and did the intervals hold?
--
-- parameter: metric VARCHAR = NULL  only predictions of this metric
-- column: metric VARCHAR  what was predicted
-- column: level DOUBLE  the coverage that the intervals promise
-- column: n_predictions BIGINT  predictions given
-- column: n_outcomes BIGINT  of them with a known outcome
-- column: coverage DOUBLE  share of outcomes inside the interval
-- column: coverage_stderr DOUBLE  standard error that the promised level would have
-- column: width DOUBLE  mean width of the intervals
-- column: mae DOUBLE  mean absolute error
-- column: bias DOUBLE  mean of prediction less outcome
-- column: cv_mae DOUBLE  mean absolute error of cross-validation on the same samples
SELECT
    p.metric,
    p.level,
    count(*) AS n_predictions,
    count(o.value) AS n_outcomes,
    avg((o.value BETWEEN p.low AND p.high)::INTEGER) AS coverage,
    sqrt(p.level * (1 - p.level) / nullif(count(o.value), 0)) AS coverage_stderr,
    avg(p.high - p.low) AS width,
    avg(abs(p.value - o.value)) AS mae,
    avg(p.value - o.value) AS bias,
    avg(abs(try_cast(p.baselines ->> '$.cv' AS DOUBLE) - o.value)) AS cv_mae
FROM prediction AS p
LEFT JOIN outcome AS o ON o.prediction_id = p.id
WHERE $metric IS NULL OR p.metric = $metric
GROUP BY p.metric, p.level
ORDER BY p.metric, p.level
