-- Which planned cells are embedded but have no result yet?
--
-- parameter: encoder VARCHAR = NULL  only this spec
-- parameter: dataset VARCHAR = NULL  only this dataset
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: protocol VARCHAR  the protocol that plans the cells
-- column: probe VARCHAR  the probe's spec
-- column: n_planned BIGINT  cells planned
-- column: n_missing BIGINT  of them without result
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    ed.name AS eval_dataset,
    plan.name AS protocol,
    p.spec AS probe,
    count(*) AS n_planned,
    count(*) FILTER (r.encoder_id IS NULL) AS n_missing
FROM subset AS t
JOIN subset AS s
    ON s.protocol_id = t.protocol_id
    AND s.labels_of_id = t.labels_of_id
    AND s.role = 'eval'
    AND s.seed IN (0, t.seed)
JOIN split ON split.id = s.split_id
JOIN split AS own ON own.id = t.split_id
JOIN embedding AS et ON et.split_id = t.split_id
JOIN encoder AS e
    ON e.id = et.encoder_id AND et.basis_id = if(e.is_fitted, t.labels_of_id, own.dataset_id)
JOIN embedding AS es
    ON es.encoder_id = e.id
    AND es.split_id = s.split_id
    AND es.basis_id = if(e.is_fitted, s.labels_of_id, split.dataset_id)
JOIN protocol AS plan ON plan.id = t.protocol_id
JOIN protocol_probe AS pp ON pp.protocol_id = t.protocol_id
JOIN probe AS p ON p.id = pp.probe_id
JOIN dataset AS d ON d.id = t.labels_of_id
JOIN dataset AS ed ON ed.id = split.dataset_id
LEFT JOIN result AS r
    ON r.encoder_id = e.id
    AND r.train_subset_id = t.id
    AND r.eval_subset_id = s.id
    AND r.probe_id = p.id
WHERE
    t.role = 'train'
    AND t.members_hash IS NOT NULL
    AND (plan.sampler <> 'acquired' OR plan.parameters->>'encoder' = e.spec)
    AND (p.name <> 'fine_tune' OR e.kind = 'st')  -- other kinds have no weights to train
    AND ($encoder IS NULL OR e.spec = $encoder)
    AND ($dataset IS NULL OR d.name = $dataset)
GROUP BY e.spec, d.name, ed.name, plan.name, p.spec
HAVING n_missing > 0
ORDER BY d.name, e.spec, ed.name, plan.name, p.spec
