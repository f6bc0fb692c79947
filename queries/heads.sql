-- How do heads compare on the same training and eval rows?
--
-- parameter: protocol VARCHAR = 'choice'  the protocol whose probes are compared
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: n_dims BIGINT  dimensions of its vectors
-- column: dataset VARCHAR  the dataset
-- column: group_name VARCHAR  datasets that share texts or origin
-- column: n_train BIGINT  training rows
-- column: n_present BIGINT  classes among them
-- column: majority_share DOUBLE  of the most frequent class among them
-- column: seed BIGINT  seed of the training subset
-- column: n_eval BIGINT  eval rows
-- column: head VARCHAR  the probe's name
-- column: accuracy DOUBLE  on the eval rows, in [0, 1]
-- column: cv_accuracy DOUBLE  cross-validated on the training rows
-- column: cv_log_loss DOUBLE  cross-validated on the training rows, nats
-- column: chosen DOUBLE  the setting that was chosen
-- column: fit_seconds DOUBLE  CPU seconds, cross-validation among them
SELECT
    e.spec AS encoder,
    e.lineage,
    e.n_dims,
    d.name AS dataset,
    d.group_name,
    r.n_train,
    len(list_filter(t.class_counts::BIGINT[], lambda n: n > 0)) AS n_present,
    list_max(t.class_counts::BIGINT[]) / r.n_train AS majority_share,
    t.seed,
    r.n_eval,
    p.name AS head,
    r.accuracy,
    r.cv_accuracy,
    r.cv_log_loss,
    r.chosen,
    r.fit_seconds
FROM result AS r
JOIN probe AS p ON p.id = r.probe_id
JOIN encoder AS e ON e.id = r.encoder_id
JOIN subset AS t ON t.id = r.train_subset_id
JOIN dataset AS d ON d.id = t.labels_of_id
JOIN protocol AS plan ON plan.id = t.protocol_id
WHERE plan.name = $protocol AND t.base_id IS NULL
ORDER BY encoder, dataset, n_train, seed, n_eval, head
