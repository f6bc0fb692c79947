-- Which encoders differ by more than noise, on the cells that both were measured on?
-- Differences are averaged within a dataset, then over datasets, which gives the error.
--
-- parameter: n BIGINT = NULL  only this number of training rows
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: z DOUBLE = 2  how many standard errors count as more than noise; 0: every pair
-- column: better VARCHAR  spec of the better encoder
-- column: worse VARCHAR  spec of the worse one
-- column: is_same_lineage BOOLEAN  whether one base model is behind both
-- column: n_datasets BIGINT  common datasets
-- column: n_cells BIGINT  common cells
-- column: difference DOUBLE  mean difference of accuracy, >= 0
-- column: stderr DOUBLE  its standard error over datasets, NULL for a single one
-- column: z DOUBLE  difference / stderr
-- column: n_wins BIGINT  datasets where the better one is ahead
WITH chosen AS (
    SELECT *, (train_subset_id, eval_subset_id) AS place
    FROM cell
    WHERE probe = $probe AND ($n IS NULL OR n_train = $n)
),
by_dataset AS (
    SELECT
        a.encoder AS a, b.encoder AS b, any_value(a.lineage = b.lineage) AS is_same_lineage,
        a.dataset, count(*) AS n_cells, avg(a.accuracy - b.accuracy) AS gain
    FROM chosen AS a
    JOIN chosen AS b ON b.place = a.place AND b.encoder > a.encoder
    GROUP BY a.encoder, b.encoder, a.dataset
),
pairs AS (
    SELECT
        a, b, any_value(is_same_lineage) AS is_same_lineage, count(*) AS n_datasets,
        sum(n_cells)::BIGINT AS n_cells, avg(gain) AS mean,
        stddev_samp(gain) / sqrt(count(*)) AS stderr,
        count(*) FILTER (gain > 0) AS n_up, count(*) FILTER (gain < 0) AS n_down
    FROM by_dataset
    GROUP BY a, b
)
SELECT
    if(mean >= 0, a, b) AS better,
    if(mean >= 0, b, a) AS worse,
    is_same_lineage,
    n_datasets,
    n_cells,
    abs(mean) AS difference,
    stderr,
    abs(mean) / nullif(stderr, 0) AS z,
    if(mean >= 0, n_up, n_down) AS n_wins
FROM pairs
WHERE $z = 0 OR abs(mean) > $z * stderr
ORDER BY difference DESC, better, worse
