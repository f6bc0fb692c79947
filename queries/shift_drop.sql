-- How much accuracy is lost when the eval rows come from another dataset of the family?
--
-- parameter: n BIGINT = NULL  only this number of training rows
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: eval_dataset VARCHAR  the other dataset
-- column: label_family VARCHAR  datasets with the same labels
-- column: n_train BIGINT  training rows
-- column: n_cells BIGINT  shifted results behind the figure
-- column: same_accuracy DOUBLE  mean on the dataset's own eval rows
-- column: cv_accuracy DOUBLE  mean of what cross-validation said for the shifted cells
-- column: shifted_accuracy DOUBLE  mean on the other dataset
-- column: loss DOUBLE  same less shifted
WITH means AS (
    SELECT
        encoder, dataset, eval_dataset, label_family, n_train, is_shift, count(*) AS n_cells,
        avg(accuracy) AS accuracy, avg(cv_accuracy) AS cv_accuracy
    FROM cell
    WHERE probe = $probe AND ($n IS NULL OR n_train = $n)
    GROUP BY encoder, dataset, eval_dataset, label_family, n_train, is_shift
)
SELECT
    shifted.encoder,
    shifted.dataset,
    shifted.eval_dataset,
    shifted.label_family,
    shifted.n_train,
    shifted.n_cells,
    same.accuracy AS same_accuracy,
    shifted.cv_accuracy,
    shifted.accuracy AS shifted_accuracy,
    same.accuracy - shifted.accuracy AS loss
FROM means AS shifted
LEFT JOIN means AS same
    ON same.encoder = shifted.encoder
    AND same.dataset = shifted.dataset
    AND same.n_train = shifted.n_train
    AND NOT same.is_shift
WHERE shifted.is_shift
ORDER BY shifted.dataset, shifted.eval_dataset, shifted.n_train, shifted.encoder
