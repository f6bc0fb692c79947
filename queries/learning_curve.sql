-- How does accuracy grow with training rows, for each encoder and dataset?
--
-- parameter: encoder VARCHAR = NULL  only this spec
-- parameter: dataset VARCHAR = NULL  only this dataset
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: protocol VARCHAR  the protocol that drew the subsets
-- column: n_train BIGINT  training rows
-- column: n_seeds BIGINT  training subsets of that size
-- column: accuracy DOUBLE  mean over subsets
-- column: spread DOUBLE  standard deviation over subsets
-- column: cv_accuracy DOUBLE  mean of what cross-validation on the training rows said
-- column: gain_per_doubling DOUBLE  accuracy gained since the size before, per doubling
SELECT
    encoder,
    dataset,
    eval_dataset,
    protocol,
    n_train,
    count(DISTINCT train_subset_id) AS n_seeds,
    avg(accuracy) AS accuracy,
    stddev_samp(accuracy) AS spread,
    avg(cv_accuracy) AS cv_accuracy,
    (avg(accuracy) - lag(avg(accuracy)) OVER curve)
    / log2(n_train / lag(n_train) OVER curve) AS gain_per_doubling
FROM cell
WHERE
    probe = $probe
    AND ($encoder IS NULL OR encoder = $encoder)
    AND ($dataset IS NULL OR dataset = $dataset)
GROUP BY encoder, dataset, eval_dataset, protocol, n_train
WINDOW curve AS (PARTITION BY encoder, dataset, eval_dataset, protocol ORDER BY n_train)
ORDER BY dataset, eval_dataset, protocol, encoder, n_train
