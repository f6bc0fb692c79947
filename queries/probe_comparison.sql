-- How do the probes compare with a reference probe, on the same cells?
--
-- parameter: reference VARCHAR = logistic  the probe's spec to compare with
-- parameter: n BIGINT = NULL  only this number of training rows
-- column: probe VARCHAR  the probe's spec
-- column: n_train BIGINT  training rows
-- column: n_datasets BIGINT  common datasets
-- column: n_cells BIGINT  common cells
-- column: accuracy DOUBLE  mean over cells
-- column: reference_accuracy DOUBLE  of the reference on the same cells
-- column: difference DOUBLE  accuracy less the reference's, mean over datasets
-- column: stderr DOUBLE  its standard error over datasets
-- column: win_share DOUBLE  share of cells where it beats the reference, ties counting half
-- column: log_loss_difference DOUBLE  log loss less the reference's, mean over cells, nats
-- column: fit_seconds DOUBLE  mean CPU seconds of a fit
WITH pairs AS (
    SELECT
        c.probe, c.n_train, c.dataset, c.accuracy, r.accuracy AS reference_accuracy,
        c.log_loss - r.log_loss AS log_loss_difference, c.fit_seconds,
        avg(c.accuracy - r.accuracy) OVER (PARTITION BY c.probe, c.n_train, c.dataset) AS gain,
        row_number() OVER (PARTITION BY c.probe, c.n_train, c.dataset) = 1 AS is_first
    FROM cell AS c
    JOIN cell AS r
        ON r.encoder_id = c.encoder_id
        AND r.train_subset_id = c.train_subset_id
        AND r.eval_subset_id = c.eval_subset_id
    WHERE r.probe = $reference AND c.probe <> $reference AND ($n IS NULL OR c.n_train = $n)
)
SELECT
    probe,
    n_train,
    count(DISTINCT dataset) AS n_datasets,
    count(*) AS n_cells,
    avg(pairs.accuracy) AS accuracy,
    avg(pairs.reference_accuracy) AS reference_accuracy,
    avg(gain) FILTER (is_first) AS difference,
    stddev_samp(gain) FILTER (is_first) / sqrt(count(DISTINCT dataset)) AS stderr,
    avg((sign(pairs.accuracy - pairs.reference_accuracy) + 1) / 2) AS win_share,
    avg(pairs.log_loss_difference) AS log_loss_difference,
    avg(pairs.fit_seconds) AS fit_seconds
FROM pairs
GROUP BY probe, n_train
ORDER BY probe, n_train
