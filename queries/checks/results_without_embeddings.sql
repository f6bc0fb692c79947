-- Which measured results have no embedding that they could have been measured on?
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: n_results BIGINT  results concerned
-- column: has_train BOOLEAN  whether the training rows are embedded
-- column: has_eval BOOLEAN  whether the eval rows are embedded
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    ed.name AS eval_dataset,
    count(*) AS n_results,
    bool_and(vt.encoder_id IS NOT NULL) AS has_train,
    bool_and(vs.encoder_id IS NOT NULL) AS has_eval
FROM result AS r
JOIN encoder AS e ON e.id = r.encoder_id
JOIN subset AS t ON t.id = r.train_subset_id
JOIN subset AS s ON s.id = r.eval_subset_id
JOIN split AS own ON own.id = t.split_id
JOIN split ON split.id = s.split_id
JOIN dataset AS d ON d.id = t.labels_of_id
JOIN dataset AS ed ON ed.id = split.dataset_id
LEFT JOIN embedding AS vt
    ON vt.encoder_id = r.encoder_id
    AND vt.split_id = t.split_id
    AND vt.basis_id = if(e.is_fitted, t.labels_of_id, own.dataset_id)
LEFT JOIN embedding AS vs
    ON vs.encoder_id = r.encoder_id
    AND vs.split_id = s.split_id
    AND vs.basis_id = if(e.is_fitted, s.labels_of_id, split.dataset_id)
WHERE r.origin = 'measured' AND (vt.encoder_id IS NULL OR vs.encoder_id IS NULL)
GROUP BY e.spec, d.name, ed.name
ORDER BY e.spec, d.name, ed.name
