-- How much better than an untrained control is each encoder, on the same cells?
-- The standard error is over datasets, since cells of one dataset go up and down together.
--
-- parameter: n BIGINT = NULL  only this number of training rows
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: n_datasets BIGINT  datasets that both were measured on
-- column: n_cells BIGINT  cells that both were measured on
-- column: accuracy DOUBLE  mean over datasets of the encoder
-- column: control_accuracy DOUBLE  mean over datasets of the controls
-- column: gain DOUBLE  the difference
-- column: stderr DOUBLE  its standard error over datasets
-- column: n_worse BIGINT  datasets where the encoder is no better than the control
WITH chosen AS (
    SELECT *, (train_subset_id, eval_subset_id) AS place
    FROM cell
    WHERE probe = $probe AND ($n IS NULL OR n_train = $n)
),
control AS (
    SELECT place, avg(accuracy) AS control_accuracy FROM chosen WHERE is_control GROUP BY place
),
by_dataset AS (
    SELECT
        encoder, lineage, dataset, count(*) AS n_cells, avg(accuracy) AS accuracy,
        avg(control_accuracy) AS control_accuracy, avg(accuracy - control_accuracy) AS gain
    FROM chosen
    JOIN control USING (place)
    WHERE NOT is_control
    GROUP BY encoder, lineage, dataset
)
SELECT
    encoder,
    lineage,
    count(*) AS n_datasets,
    sum(n_cells)::BIGINT AS n_cells,
    avg(accuracy) AS accuracy,
    avg(control_accuracy) AS control_accuracy,
    avg(by_dataset.gain) AS gain,
    stddev_samp(by_dataset.gain) / sqrt(count(*)) AS stderr,
    count(*) FILTER (by_dataset.gain <= 0) AS n_worse
FROM by_dataset
GROUP BY encoder, lineage
ORDER BY gain DESC, encoder
