CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE answer (
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    command TEXT NOT NULL,
    asked JSON NOT NULL,
    files JSON NOT NULL,
    said JSON NOT NULL,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_answer_command CHECK (command IN ('compare', 'coverage', 'label', 'head')),
    CONSTRAINT fk_answer_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_answer PRIMARY KEY (id),
    CONSTRAINT uq_answer_key UNIQUE ("key")
);

CREATE TABLE artifact (
    hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    suffix TEXT NOT NULL,
    n_bytes BIGINT NOT NULL,
    dtype TEXT,
    shape JSON,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_artifact_hash CHECK (length(hash) = 64),
    CONSTRAINT ck_artifact_kind CHECK (kind IN ('examples', 'embedding', 'members', 'metamodel')),
    CONSTRAINT pk_artifact PRIMARY KEY (hash)
);

CREATE TABLE dataset (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    source TEXT NOT NULL,
    group_name TEXT NOT NULL,
    label_family TEXT,
    task TEXT,
    language TEXT,
    license TEXT,
    n_classes INTEGER NOT NULL,
    classes JSON NOT NULL,
    balance DOUBLE,
    is_pair BOOLEAN NOT NULL,
    median_words DOUBLE,
    p95_words DOUBLE,
    n_overlap INTEGER,
    extra JSON NOT NULL,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    languages JSON,
    domains JSON,
    mean_chars DOUBLE,
    CONSTRAINT ck_dataset_balance CHECK (balance BETWEEN 0 AND 1),
    CONSTRAINT ck_dataset_n_classes CHECK (n_classes >= 2),
    CONSTRAINT fk_dataset_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_dataset PRIMARY KEY (id),
    CONSTRAINT uq_dataset_name UNIQUE (name)
);

CREATE TABLE embedding (
    encoder_id INTEGER NOT NULL,
    split_id INTEGER NOT NULL,
    basis_id INTEGER NOT NULL,
    vectors_hash TEXT NOT NULL,
    n_dims INTEGER NOT NULL,
    n_tokens BIGINT,
    seconds DOUBLE,
    run_id INTEGER,
    CONSTRAINT fk_embedding_basis_id FOREIGN KEY(basis_id) REFERENCES dataset (id),
    CONSTRAINT fk_embedding_encoder_id FOREIGN KEY(encoder_id) REFERENCES encoder (id),
    CONSTRAINT fk_embedding_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_embedding_split_id FOREIGN KEY(split_id) REFERENCES split (id),
    CONSTRAINT fk_embedding_vectors_hash FOREIGN KEY(vectors_hash) REFERENCES artifact (hash),
    CONSTRAINT pk_embedding PRIMARY KEY (encoder_id, split_id, basis_id)
);

CREATE TABLE encoder (
    id INTEGER NOT NULL,
    spec TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    revision TEXT,
    lineage TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    layer INTEGER,
    pooling TEXT,
    prompt TEXT,
    max_tokens INTEGER,
    n_dims INTEGER,
    n_layers INTEGER,
    n_parameters BIGINT,
    is_normalized BOOLEAN NOT NULL,
    is_fitted BOOLEAN NOT NULL,
    is_control BOOLEAN NOT NULL,
    license TEXT,
    seconds_per_1k_tokens DOUBLE,
    extra JSON NOT NULL,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    released TEXT,
    is_open BOOLEAN,
    languages JSON,
    trained_on JSON,
    CONSTRAINT fk_encoder_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_encoder PRIMARY KEY (id),
    CONSTRAINT uq_encoder_spec UNIQUE (spec)
);

CREATE TABLE entry (
    encoder_id INTEGER NOT NULL,
    eval_subset_id INTEGER NOT NULL,
    accuracy DOUBLE NOT NULL,
    macro_f1 DOUBLE,
    n_draws INTEGER NOT NULL,
    revision TEXT,
    dataset_revision TEXT,
    version TEXT,
    run_id INTEGER,
    CONSTRAINT ck_entry_accuracy CHECK (accuracy BETWEEN 0 AND 1),
    CONSTRAINT ck_entry_macro_f1 CHECK (macro_f1 BETWEEN 0 AND 1),
    CONSTRAINT ck_entry_n_draws CHECK (n_draws >= 0),
    CONSTRAINT fk_entry_encoder_id FOREIGN KEY(encoder_id) REFERENCES encoder (id),
    CONSTRAINT fk_entry_eval_subset_id FOREIGN KEY(eval_subset_id) REFERENCES subset (id),
    CONSTRAINT fk_entry_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_entry PRIMARY KEY (encoder_id, eval_subset_id)
);

CREATE TABLE evaluation (
    id INTEGER NOT NULL,
    metric TEXT NOT NULL,
    training_fingerprint TEXT NOT NULL,
    hold_out TEXT NOT NULL,
    setting TEXT NOT NULL,
    bucket TEXT NOT NULL,
    method TEXT NOT NULL,
    kind TEXT NOT NULL,
    level DOUBLE NOT NULL,
    least_eval INTEGER NOT NULL,
    n_rows INTEGER NOT NULL,
    n_groups INTEGER NOT NULL,
    unit TEXT NOT NULL,
    mae DOUBLE NOT NULL,
    mae_se DOUBLE,
    cv_ratio DOUBLE,
    bias DOUBLE NOT NULL,
    r2 DOUBLE,
    coverage DOUBLE,
    worst_coverage DOUBLE,
    width DOUBLE,
    noise_floor DOUBLE,
    n_sets INTEGER NOT NULL,
    tau DOUBLE,
    tau_se DOUBLE,
    regret_1 DOUBLE,
    regret_3 DOUBLE,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_evaluation_hold_out CHECK (hold_out IN ('groups', 'lineages', 'both')),
    CONSTRAINT ck_evaluation_kind CHECK (kind IN ('metamodel', 'baseline', 'estimator')),
    CONSTRAINT ck_evaluation_level CHECK (level > 0 AND level < 1),
    CONSTRAINT ck_evaluation_setting CHECK (setting IN ('same', 'shift')),
    CONSTRAINT ck_evaluation_unit CHECK (unit IN ('points', 'metric')),
    CONSTRAINT fk_evaluation_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_evaluation PRIMARY KEY (id),
    CONSTRAINT uq_evaluation_key UNIQUE (metric, training_fingerprint, hold_out, setting, bucket, method, level, least_eval)
);

CREATE TABLE failure (
    id INTEGER NOT NULL,
    step TEXT NOT NULL,
    unit TEXT NOT NULL,
    message TEXT NOT NULL,
    n_attempts INTEGER NOT NULL,
    run_id INTEGER,
    failed_at DATETIME NOT NULL,
    CONSTRAINT ck_failure_step CHECK (step IN ('ingest', 'embed', 'subset', 'probe', 'characterize', 'fit')),
    CONSTRAINT fk_failure_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_failure PRIMARY KEY (id),
    CONSTRAINT uq_failure_step_unit UNIQUE (step, unit)
);

CREATE TABLE feature (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    CONSTRAINT ck_feature_kind CHECK (kind IN ('feature', 'estimator')),
    CONSTRAINT pk_feature PRIMARY KEY (id),
    CONSTRAINT uq_feature_name UNIQUE (name)
);

CREATE TABLE feature_value (
    encoder_id INTEGER NOT NULL,
    train_subset_id INTEGER NOT NULL,
    eval_subset_id INTEGER NOT NULL,
    feature_id INTEGER NOT NULL,
    value DOUBLE,
    run_id INTEGER,
    CONSTRAINT fk_feature_value_encoder_id FOREIGN KEY(encoder_id) REFERENCES encoder (id),
    CONSTRAINT fk_feature_value_eval_subset_id FOREIGN KEY(eval_subset_id) REFERENCES subset (id),
    CONSTRAINT fk_feature_value_feature_id FOREIGN KEY(feature_id) REFERENCES feature (id),
    CONSTRAINT fk_feature_value_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_feature_value_train_subset_id FOREIGN KEY(train_subset_id) REFERENCES subset (id),
    CONSTRAINT pk_feature_value PRIMARY KEY (encoder_id, train_subset_id, eval_subset_id, feature_id)
) WITHOUT ROWID;

CREATE TABLE importance (
    id INTEGER NOT NULL,
    metric TEXT NOT NULL,
    item TEXT NOT NULL,
    training_fingerprint TEXT NOT NULL,
    setting TEXT NOT NULL,
    family TEXT NOT NULL,
    n_features INTEGER NOT NULL,
    n_rows INTEGER NOT NULL,
    n_groups INTEGER NOT NULL,
    unit TEXT NOT NULL,
    mae DOUBLE NOT NULL,
    permuted DOUBLE NOT NULL,
    permuted_se DOUBLE,
    dropped DOUBLE NOT NULL,
    dropped_se DOUBLE,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_importance_setting CHECK (setting IN ('same', 'shift')),
    CONSTRAINT ck_importance_unit CHECK (unit IN ('points', 'metric')),
    CONSTRAINT fk_importance_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_importance PRIMARY KEY (id),
    CONSTRAINT uq_importance_metric_item_training_fingerprint_setting_family UNIQUE (metric, item, training_fingerprint, setting, family)
);

CREATE TABLE metamodel (
    id INTEGER NOT NULL,
    item TEXT NOT NULL,
    metric TEXT NOT NULL,
    training_fingerprint TEXT NOT NULL,
    n_rows INTEGER NOT NULL,
    n_groups INTEGER NOT NULL,
    n_lineages INTEGER NOT NULL,
    report JSON NOT NULL,
    arrays_hash TEXT NOT NULL,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT fk_metamodel_arrays_hash FOREIGN KEY(arrays_hash) REFERENCES artifact (hash),
    CONSTRAINT fk_metamodel_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_metamodel PRIMARY KEY (id),
    CONSTRAINT uq_metamodel_item_metric_training_fingerprint UNIQUE (item, metric, training_fingerprint)
);

CREATE TABLE outcome (
    prediction_id INTEGER NOT NULL,
    value DOUBLE NOT NULL,
    n_eval INTEGER,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT fk_outcome_prediction_id FOREIGN KEY(prediction_id) REFERENCES prediction (id),
    CONSTRAINT fk_outcome_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_outcome PRIMARY KEY (prediction_id)
);

CREATE TABLE prediction (
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    metamodel_id INTEGER,
    metamodel_fingerprint TEXT NOT NULL,
    encoder_spec TEXT,
    sample_fingerprint TEXT NOT NULL,
    metric TEXT NOT NULL,
    value DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    level DOUBLE NOT NULL,
    support DOUBLE NOT NULL,
    baselines JSON NOT NULL,
    features JSON NOT NULL,
    n_train INTEGER NOT NULL,
    n_eval INTEGER NOT NULL,
    at INTEGER,
    run_id INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_prediction_interval CHECK (low <= value AND value <= high),
    CONSTRAINT ck_prediction_level CHECK (level > 0 AND level < 1),
    CONSTRAINT ck_prediction_support CHECK (support BETWEEN 0 AND 1),
    CONSTRAINT fk_prediction_metamodel_id FOREIGN KEY(metamodel_id) REFERENCES metamodel (id),
    CONSTRAINT fk_prediction_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT pk_prediction PRIMARY KEY (id),
    CONSTRAINT uq_prediction_key UNIQUE ("key")
);

CREATE TABLE probe (
    id INTEGER NOT NULL,
    spec TEXT NOT NULL,
    name TEXT NOT NULL,
    parameters JSON NOT NULL,
    CONSTRAINT pk_probe PRIMARY KEY (id),
    CONSTRAINT uq_probe_spec UNIQUE (spec)
);

CREATE TABLE protocol (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    sampler TEXT NOT NULL,
    parameters JSON NOT NULL,
    sizes JSON,
    n_seeds INTEGER NOT NULL,
    eval_sizes JSON NOT NULL,
    CONSTRAINT ck_protocol_n_seeds CHECK (n_seeds >= 1),
    CONSTRAINT pk_protocol PRIMARY KEY (id),
    CONSTRAINT uq_protocol_name UNIQUE (name)
);

CREATE TABLE protocol_probe (
    protocol_id INTEGER NOT NULL,
    probe_id INTEGER NOT NULL,
    CONSTRAINT fk_protocol_probe_probe_id FOREIGN KEY(probe_id) REFERENCES probe (id),
    CONSTRAINT fk_protocol_probe_protocol_id FOREIGN KEY(protocol_id) REFERENCES protocol (id),
    CONSTRAINT pk_protocol_probe PRIMARY KEY (protocol_id, probe_id)
);

CREATE TABLE result (
    encoder_id INTEGER NOT NULL,
    train_subset_id INTEGER NOT NULL,
    eval_subset_id INTEGER NOT NULL,
    probe_id INTEGER NOT NULL,
    accuracy DOUBLE NOT NULL,
    balanced_accuracy DOUBLE,
    macro_f1 DOUBLE,
    log_loss DOUBLE,
    brier DOUBLE,
    ece DOUBLE,
    auroc DOUBLE,
    cv_accuracy DOUBLE,
    cv_log_loss DOUBLE,
    chosen DOUBLE,
    gap DOUBLE,
    fit_seconds DOUBLE,
    n_train INTEGER NOT NULL,
    n_eval INTEGER NOT NULL,
    origin TEXT NOT NULL,
    run_id INTEGER,
    CONSTRAINT ck_result_accuracy CHECK (accuracy BETWEEN 0 AND 1),
    CONSTRAINT ck_result_log_loss CHECK (log_loss >= 0),
    CONSTRAINT fk_result_encoder_id FOREIGN KEY(encoder_id) REFERENCES encoder (id),
    CONSTRAINT fk_result_eval_subset_id FOREIGN KEY(eval_subset_id) REFERENCES subset (id),
    CONSTRAINT fk_result_probe_id FOREIGN KEY(probe_id) REFERENCES probe (id),
    CONSTRAINT fk_result_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_result_train_subset_id FOREIGN KEY(train_subset_id) REFERENCES subset (id),
    CONSTRAINT pk_result PRIMARY KEY (encoder_id, train_subset_id, eval_subset_id, probe_id)
);

CREATE TABLE run (
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    command TEXT NOT NULL,
    arguments JSON NOT NULL,
    version TEXT NOT NULL,
    host TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at DATETIME NOT NULL,
    ended_at DATETIME,
    CONSTRAINT ck_run_status CHECK (status IN ('running', 'done', 'failed')),
    CONSTRAINT pk_run PRIMARY KEY (id),
    CONSTRAINT uq_run_key UNIQUE ("key")
);

CREATE TABLE split (
    id INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    n_rows INTEGER NOT NULL,
    class_counts JSON NOT NULL,
    examples_hash TEXT,
    CONSTRAINT ck_split_name CHECK (name IN ('train', 'test')),
    CONSTRAINT fk_split_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_split_examples_hash FOREIGN KEY(examples_hash) REFERENCES artifact (hash),
    CONSTRAINT pk_split PRIMARY KEY (id),
    CONSTRAINT uq_split_dataset_id_name UNIQUE (dataset_id, name)
);

CREATE TABLE subset (
    id INTEGER NOT NULL,
    protocol_id INTEGER NOT NULL,
    split_id INTEGER NOT NULL,
    labels_of_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    n_rows INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    parent_id INTEGER,
    members_hash TEXT,
    class_counts JSON NOT NULL,
    run_id INTEGER,
    base_id INTEGER,
    CONSTRAINT ck_subset_n_rows CHECK (n_rows >= 1),
    CONSTRAINT ck_subset_role CHECK (role IN ('train', 'eval')),
    CONSTRAINT fk_subset_base_id FOREIGN KEY(base_id) REFERENCES subset (id),
    CONSTRAINT fk_subset_labels_of_id FOREIGN KEY(labels_of_id) REFERENCES dataset (id),
    CONSTRAINT fk_subset_members_hash FOREIGN KEY(members_hash) REFERENCES artifact (hash),
    CONSTRAINT fk_subset_parent_id FOREIGN KEY(parent_id) REFERENCES subset (id),
    CONSTRAINT fk_subset_protocol_id FOREIGN KEY(protocol_id) REFERENCES protocol (id),
    CONSTRAINT fk_subset_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_subset_split_id FOREIGN KEY(split_id) REFERENCES split (id),
    CONSTRAINT pk_subset PRIMARY KEY (id),
    CONSTRAINT uq_subset_protocol_id_split_id_labels_of_id_role_n_rows_seed UNIQUE (protocol_id, split_id, labels_of_id, role, n_rows, seed)
);

CREATE INDEX ix_subset_base_id ON subset (base_id);

CREATE INDEX ix_subset_labels_of_id ON subset (labels_of_id);

CREATE INDEX ix_subset_split_id ON subset (split_id);

CREATE TABLE task_embedding (
    encoder_id INTEGER NOT NULL,
    split_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    vector_hash TEXT NOT NULL,
    n_rows INTEGER NOT NULL,
    n_dims INTEGER NOT NULL,
    run_id INTEGER,
    CONSTRAINT ck_task_embedding_n_rows CHECK (n_rows >= 1),
    CONSTRAINT fk_task_embedding_encoder_id FOREIGN KEY(encoder_id) REFERENCES encoder (id),
    CONSTRAINT fk_task_embedding_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_task_embedding_split_id FOREIGN KEY(split_id) REFERENCES split (id),
    CONSTRAINT fk_task_embedding_vector_hash FOREIGN KEY(vector_hash) REFERENCES artifact (hash),
    CONSTRAINT pk_task_embedding PRIMARY KEY (encoder_id, split_id, kind)
);
