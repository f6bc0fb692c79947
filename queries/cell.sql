-- What was measured or imported? Every result, with names in place of ids.
-- (Pooled training rows are in pooled_gain.)
--
-- column: encoder_id BIGINT  id of the encoder
-- column: train_subset_id BIGINT  id of the training subset
-- column: eval_subset_id BIGINT  id of the eval subset
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: is_control BOOLEAN  whether the encoder is untrained
-- column: dataset VARCHAR  the dataset trained on
-- column: group_name VARCHAR  datasets that share texts or origin
-- column: label_family VARCHAR  datasets with the same labels
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: is_shift BOOLEAN  whether train and eval rows come from different datasets
-- column: protocol VARCHAR  the protocol that drew the subsets
-- column: seed BIGINT  seed of the training subset
-- column: eval_seed BIGINT  seed of the eval subset
-- column: n_train BIGINT  training rows
-- column: n_eval BIGINT  eval rows
-- column: probe VARCHAR  the probe's spec
-- column: accuracy DOUBLE  on the eval rows, in [0, 1], as all metrics but the losses
-- column: balanced_accuracy DOUBLE  mean recall of the classes
-- column: macro_f1 DOUBLE  mean F1 of the classes
-- column: log_loss DOUBLE  nats
-- column: brier DOUBLE  squared error of the probabilities
-- column: ece DOUBLE  expected calibration error
-- column: auroc DOUBLE  one class against the rest, mean
-- column: cv_accuracy DOUBLE  cross-validated on the training rows
-- column: cv_log_loss DOUBLE  cross-validated on the training rows, nats
-- column: fit_seconds DOUBLE  CPU seconds of the fit
-- column: origin VARCHAR  'measured', or where it was imported from
SELECT
    r.encoder_id,
    r.train_subset_id,
    r.eval_subset_id,
    e.spec AS encoder,
    e.lineage,
    e.is_control,
    d.name AS dataset,
    d.group_name,
    d.label_family,
    ed.name AS eval_dataset,
    ed.id <> d.id AS is_shift,
    plan.name AS protocol,
    t.seed,
    s.seed AS eval_seed,
    r.n_train,
    r.n_eval,
    p.spec AS probe,
    r.accuracy,
    r.balanced_accuracy,
    r.macro_f1,
    r.log_loss,
    r.brier,
    r.ece,
    r.auroc,
    r.cv_accuracy,
    r.cv_log_loss,
    r.fit_seconds,
    r.origin
FROM result AS r
JOIN probe AS p ON p.id = r.probe_id
JOIN encoder AS e ON e.id = r.encoder_id
JOIN subset AS t ON t.id = r.train_subset_id
JOIN subset AS s ON s.id = r.eval_subset_id
JOIN split ON split.id = s.split_id
JOIN dataset AS d ON d.id = t.labels_of_id
JOIN dataset AS ed ON ed.id = split.dataset_id
JOIN protocol AS plan ON plan.id = t.protocol_id
WHERE t.base_id IS NULL
ORDER BY dataset, encoder, protocol, n_train, seed, eval_dataset, n_eval, eval_seed, probe
