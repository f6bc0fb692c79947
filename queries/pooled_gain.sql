-- What does it help to add rows of another dataset of the family to the training rows?
--
-- parameter: dataset VARCHAR = NULL  only this dataset
-- parameter: encoder VARCHAR = NULL  only this spec
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: encoder VARCHAR  the encoder's spec
-- column: label_family VARCHAR  datasets with the same labels
-- column: dataset VARCHAR  the dataset trained for
-- column: group_name VARCHAR  its group
-- column: source VARCHAR  the dataset whose rows are added
-- column: source_group VARCHAR  its group
-- column: n_train BIGINT  training rows of the dataset itself
-- column: n_added BIGINT  rows added
-- column: seed BIGINT  seed of the training subset
-- column: n_eval BIGINT  eval rows, of the dataset itself
-- column: alone DOUBLE  accuracy without the rows added
-- column: pooled DOUBLE  accuracy with them, on the same eval rows
-- column: gain DOUBLE  pooled less alone
SELECT
    e.spec AS encoder,
    d.label_family,
    d.name AS dataset,
    d.group_name,
    sd.name AS source,
    sd.group_name AS source_group,
    base.n_rows AS n_train,
    t.n_rows - base.n_rows AS n_added,
    t.seed,
    r.n_eval,
    b.accuracy AS alone,
    r.accuracy AS pooled,
    r.accuracy - b.accuracy AS gain
FROM result AS r
JOIN subset AS t ON t.id = r.train_subset_id
JOIN subset AS base ON base.id = t.base_id
JOIN result AS b
    ON b.encoder_id = r.encoder_id
    AND b.train_subset_id = base.id
    AND b.eval_subset_id = r.eval_subset_id
    AND b.probe_id = r.probe_id
JOIN probe AS p ON p.id = r.probe_id
JOIN encoder AS e ON e.id = r.encoder_id
JOIN split ON split.id = t.split_id
JOIN dataset AS sd ON sd.id = split.dataset_id
JOIN dataset AS d ON d.id = t.labels_of_id
WHERE
    p.spec = $probe
    AND ($dataset IS NULL OR d.name = $dataset)
    AND ($encoder IS NULL OR e.spec = $encoder)
ORDER BY d.name, e.spec, base.n_rows, sd.name, t.seed, r.n_eval
