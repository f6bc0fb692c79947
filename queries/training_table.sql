-- What is there to learn from? Every measured sample with its features and its probe's scores.
--
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: reach DOUBLE = 1  also the scores of the same seed's subsets up to this many times larger
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model, held out together
-- column: kind VARCHAR  the kind of encoder
-- column: is_control BOOLEAN  whether the encoder is untrained
-- column: dataset VARCHAR  the dataset trained on
-- column: group_name VARCHAR  datasets that share texts or origin, held out together
-- column: eval_dataset VARCHAR  the dataset evaluated on
-- column: eval_group VARCHAR  its group
-- column: label_family VARCHAR  datasets with the same labels
-- column: is_shift BOOLEAN  whether train and eval rows come from different datasets
-- column: protocol VARCHAR  the protocol that drew the subsets
-- column: seed BIGINT  seed of the training subset
-- column: eval_seed BIGINT  seed of the eval subset
-- column: n_train BIGINT  training rows of the sample that the features see
-- column: n_target BIGINT  training rows that the scores were reached with: n_train, or more
-- column: n_eval BIGINT  eval rows
-- column: accuracy DOUBLE  on the eval rows, in [0, 1], as all metrics but the losses
-- column: balanced_accuracy DOUBLE  mean recall of the classes
-- column: macro_f1 DOUBLE  mean F1 of the classes
-- column: log_loss DOUBLE  nats
-- column: brier DOUBLE  squared error of the probabilities
-- column: ece DOUBLE  expected calibration error
-- column: auroc DOUBLE  one class against the rest, mean
-- column: cv_accuracy DOUBLE  cross-validated on the training rows
-- column: cv_log_loss DOUBLE  cross-validated on the training rows, nats
-- column: x_* DOUBLE  one per feature and estimator, NULL where not defined
WITH long AS (
    SELECT v.encoder_id, v.train_subset_id, v.eval_subset_id, f.name, v.value
    FROM feature_value AS v
    JOIN feature AS f ON f.id = v.feature_id
),
wide AS (
    PIVOT long ON name IN feature_name USING first(value)
    GROUP BY encoder_id, train_subset_id, eval_subset_id
)
SELECT
    e.spec AS encoder,
    e.lineage,
    e.kind,
    e.is_control,
    d.name AS dataset,
    d.group_name,
    ed.name AS eval_dataset,
    ed.group_name AS eval_group,
    d.label_family,
    ed.id <> d.id AS is_shift,
    plan.name AS protocol,
    t.seed,
    s.seed AS eval_seed,
    t.n_rows::BIGINT AS n_train,
    r.n_train AS n_target,
    r.n_eval,
    r.accuracy,
    r.balanced_accuracy,
    r.macro_f1,
    r.log_loss,
    r.brier,
    r.ece,
    r.auroc,
    r.cv_accuracy,
    r.cv_log_loss,
    COLUMNS(wide.* EXCLUDE (encoder_id, train_subset_id, eval_subset_id)) AS "x_\0"
FROM wide
JOIN subset AS t ON t.id = wide.train_subset_id
JOIN subset AS larger
    ON larger.protocol_id = t.protocol_id
    AND larger.split_id = t.split_id
    AND larger.labels_of_id = t.labels_of_id
    AND larger.role = t.role
    AND larger.seed = t.seed
    AND larger.n_rows BETWEEN t.n_rows AND t.n_rows * $reach
JOIN result AS r
    ON r.encoder_id = wide.encoder_id
    AND r.train_subset_id = larger.id
    AND r.eval_subset_id = wide.eval_subset_id
JOIN probe AS p ON p.id = r.probe_id
JOIN encoder AS e ON e.id = r.encoder_id
JOIN subset AS s ON s.id = r.eval_subset_id
JOIN split ON split.id = s.split_id
JOIN dataset AS d ON d.id = t.labels_of_id
JOIN dataset AS ed ON ed.id = split.dataset_id
JOIN protocol AS plan ON plan.id = t.protocol_id
WHERE p.spec = $probe AND r.origin IN ('measured', 'reference')
ORDER BY dataset, encoder, protocol, n_train, n_target, seed, eval_dataset, n_eval, eval_seed
