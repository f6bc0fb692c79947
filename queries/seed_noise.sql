-- How much does accuracy vary with the draw of the training rows alone?
--
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: n_train BIGINT  training rows
-- column: n_eval BIGINT  eval rows
-- column: n_curves BIGINT  encoders and protocols with several seeds
-- column: accuracy DOUBLE  mean
-- column: seed_sd DOUBLE  standard deviation over seeds, root mean square over curves
-- column: binomial_sd DOUBLE  sqrt(a (1 - a) / n_eval), what a fresh eval sample would add
WITH curves AS (
    SELECT
        dataset, eval_dataset, n_train, n_eval, encoder, protocol, eval_seed,
        avg(accuracy) AS accuracy, var_samp(accuracy) AS variance
    FROM cell
    WHERE probe = $probe
    GROUP BY dataset, eval_dataset, n_train, n_eval, encoder, protocol, eval_seed
    HAVING count(DISTINCT seed) > 1
)
SELECT
    dataset,
    eval_dataset,
    n_train,
    n_eval,
    count(*) AS n_curves,
    avg(curves.accuracy) AS accuracy,
    sqrt(avg(variance)) AS seed_sd,
    sqrt(avg(curves.accuracy * (1 - curves.accuracy)) / n_eval) AS binomial_sd
FROM curves
GROUP BY dataset, eval_dataset, n_train, n_eval
ORDER BY dataset, eval_dataset, n_train, n_eval
