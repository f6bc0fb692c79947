-- Which planned cells are embedded but have no result yet? (charz update measures them.)
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: protocol VARCHAR  the protocol that plans the cells
-- column: n_missing BIGINT  cells without result
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    plan.name AS protocol,
    count(*) AS n_missing
FROM subset AS t
JOIN subset AS s
    ON s.protocol_id = t.protocol_id
    AND s.labels_of_id = t.labels_of_id
    AND s.role = 'eval'
    AND s.seed IN (0, t.seed)
JOIN split ON split.id = s.split_id
JOIN split AS own ON own.id = t.split_id
JOIN embedding AS vt ON vt.split_id = t.split_id
JOIN encoder AS e
    ON e.id = vt.encoder_id AND vt.basis_id = if(e.is_fitted, t.labels_of_id, own.dataset_id)
JOIN embedding AS vs
    ON vs.encoder_id = e.id
    AND vs.split_id = s.split_id
    AND vs.basis_id = if(e.is_fitted, s.labels_of_id, split.dataset_id)
JOIN protocol AS plan ON plan.id = t.protocol_id
JOIN protocol_probe AS pp ON pp.protocol_id = t.protocol_id
JOIN probe AS p ON p.id = pp.probe_id
JOIN dataset AS d ON d.id = t.labels_of_id
ANTI JOIN result AS r
    ON r.encoder_id = e.id
    AND r.train_subset_id = t.id
    AND r.eval_subset_id = s.id
    AND r.probe_id = pp.probe_id
WHERE
    t.role = 'train'
    AND t.members_hash IS NOT NULL
    AND (plan.sampler <> 'acquired' OR plan.parameters->>'encoder' = e.spec)
    AND (p.name <> 'fine_tune' OR e.kind = 'st')  -- other kinds have no weights to train
GROUP BY e.spec, d.name, plan.name
ORDER BY e.spec, d.name, plan.name
