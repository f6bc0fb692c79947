-- How far from the truth is each estimator of accuracy, by training rows?
--
-- parameter: probe VARCHAR = logistic  the probe whose accuracy is the truth
-- column: estimator VARCHAR  stored name
-- column: is_shift BOOLEAN  whether train and eval rows come from different datasets
-- column: n_train BIGINT  training rows
-- column: n_datasets BIGINT  datasets trained on
-- column: n_samples BIGINT  samples with an estimate
-- column: n_undefined BIGINT  samples without
-- column: mae DOUBLE  mean absolute error
-- column: bias DOUBLE  mean of estimate less truth
-- column: rmse DOUBLE  root mean squared error
-- column: noise_floor DOUBLE  mean of sqrt(2 a (1 - a) / (pi n_eval)), the mae of knowing the rate
SELECT
    f.name AS estimator,
    c.is_shift,
    c.n_train,
    count(DISTINCT c.dataset) AS n_datasets,
    count(v.value) AS n_samples,
    count(*) - count(v.value) AS n_undefined,
    avg(abs(v.value - c.accuracy)) AS mae,
    avg(v.value - c.accuracy) AS bias,
    sqrt(avg((v.value - c.accuracy) ** 2)) AS rmse,
    avg(sqrt(2 * c.accuracy * (1 - c.accuracy) / (pi() * c.n_eval))) AS noise_floor
FROM feature_value AS v
JOIN feature AS f ON f.id = v.feature_id
JOIN cell AS c USING (encoder_id, train_subset_id, eval_subset_id)
WHERE f.kind = 'estimator' AND c.probe = $probe AND c.origin IN ('measured', 'reference')
GROUP BY f.name, c.is_shift, c.n_train
ORDER BY c.is_shift, c.n_train, mae, estimator
