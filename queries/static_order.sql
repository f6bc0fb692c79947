-- What fixed order of encoders do the results suggest? The baseline that ignores the task:
-- each encoder's mean lead over the encoders measured at the same place.
--
-- parameter: n BIGINT = NULL  only this number of training rows
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: without_group VARCHAR = NULL  leave out this group of datasets
-- column: rank BIGINT  by lead, equals sharing the better rank
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: n_datasets BIGINT  datasets behind the figure
-- column: n_cells BIGINT  cells behind the figure
-- column: lead DOUBLE  accuracy less the mean of the other encoders, mean over datasets
-- column: stderr DOUBLE  its standard error over datasets
WITH places AS (
    SELECT
        encoder,
        lineage,
        dataset,
        accuracy - (sum(accuracy) OVER place - accuracy) / (count(*) OVER place - 1) AS lead
    FROM cell
    WHERE
        probe = $probe
        AND ($n IS NULL OR n_train = $n)
        AND ($without_group IS NULL OR group_name <> $without_group)
    WINDOW place AS (PARTITION BY train_subset_id, eval_subset_id)
    QUALIFY count(*) OVER place > 1
),
by_dataset AS (
    SELECT encoder, lineage, dataset, count(*) AS n_cells, avg(places.lead) AS lead
    FROM places
    GROUP BY encoder, lineage, dataset
)
SELECT
    rank() OVER (ORDER BY avg(by_dataset.lead) DESC) AS rank,
    encoder,
    lineage,
    count(*) AS n_datasets,
    sum(n_cells)::BIGINT AS n_cells,
    avg(by_dataset.lead) AS lead,
    stddev_samp(by_dataset.lead) / sqrt(count(*)) AS stderr
FROM by_dataset
GROUP BY encoder, lineage
ORDER BY rank, encoder
