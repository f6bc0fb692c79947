CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE answer (
    id integer NOT NULL DEFAULT nextval('answer_id_seq'::regclass),
    key text NOT NULL,
    command text NOT NULL,
    asked json NOT NULL,
    files json NOT NULL,
    said json NOT NULL,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_answer_command CHECK ((command = ANY (ARRAY['compare'::text, 'coverage'::text, 'label'::text, 'head'::text]))),
    CONSTRAINT fk_answer_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_answer PRIMARY KEY (id),
    CONSTRAINT uq_answer_key UNIQUE (key)
);

CREATE TABLE artifact (
    hash text NOT NULL,
    kind text NOT NULL,
    suffix text NOT NULL,
    n_bytes bigint NOT NULL,
    dtype text,
    shape json,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_artifact_hash CHECK ((length(hash) = 64)),
    CONSTRAINT ck_artifact_kind CHECK ((kind = ANY (ARRAY['examples'::text, 'embedding'::text, 'members'::text, 'metamodel'::text]))),
    CONSTRAINT pk_artifact PRIMARY KEY (hash)
);

CREATE TABLE dataset (
    id integer NOT NULL DEFAULT nextval('dataset_id_seq'::regclass),
    name text NOT NULL,
    fingerprint text NOT NULL,
    source text NOT NULL,
    group_name text NOT NULL,
    label_family text,
    task text,
    language text,
    license text,
    n_classes integer NOT NULL,
    classes json NOT NULL,
    balance double precision,
    is_pair boolean NOT NULL,
    median_words double precision,
    p95_words double precision,
    n_overlap integer,
    extra json NOT NULL,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    languages json,
    domains json,
    mean_chars double precision,
    CONSTRAINT ck_dataset_balance CHECK (((balance >= (0)::double precision) AND (balance <= (1)::double precision))),
    CONSTRAINT ck_dataset_n_classes CHECK ((n_classes >= 2)),
    CONSTRAINT fk_dataset_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_dataset PRIMARY KEY (id),
    CONSTRAINT uq_dataset_name UNIQUE (name)
);

CREATE TABLE embedding (
    encoder_id integer NOT NULL,
    split_id integer NOT NULL,
    basis_id integer NOT NULL,
    vectors_hash text NOT NULL,
    n_dims integer NOT NULL,
    n_tokens bigint,
    seconds double precision,
    run_id integer,
    CONSTRAINT fk_embedding_basis_id FOREIGN KEY (basis_id) REFERENCES dataset(id),
    CONSTRAINT fk_embedding_encoder_id FOREIGN KEY (encoder_id) REFERENCES encoder(id),
    CONSTRAINT fk_embedding_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT fk_embedding_split_id FOREIGN KEY (split_id) REFERENCES split(id),
    CONSTRAINT fk_embedding_vectors_hash FOREIGN KEY (vectors_hash) REFERENCES artifact(hash),
    CONSTRAINT pk_embedding PRIMARY KEY (encoder_id, split_id, basis_id)
);

CREATE TABLE encoder (
    id integer NOT NULL DEFAULT nextval('encoder_id_seq'::regclass),
    spec text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    revision text,
    lineage text NOT NULL,
    fingerprint text NOT NULL,
    layer integer,
    pooling text,
    prompt text,
    max_tokens integer,
    n_dims integer,
    n_layers integer,
    n_parameters bigint,
    is_normalized boolean NOT NULL,
    is_fitted boolean NOT NULL,
    is_control boolean NOT NULL,
    license text,
    seconds_per_1k_tokens double precision,
    extra json NOT NULL,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    released text,
    is_open boolean,
    languages json,
    trained_on json,
    CONSTRAINT fk_encoder_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_encoder PRIMARY KEY (id),
    CONSTRAINT uq_encoder_spec UNIQUE (spec)
);

CREATE TABLE entry (
    encoder_id integer NOT NULL,
    eval_subset_id integer NOT NULL,
    accuracy double precision NOT NULL,
    macro_f1 double precision,
    n_draws integer NOT NULL,
    revision text,
    dataset_revision text,
    version text,
    run_id integer,
    CONSTRAINT ck_entry_accuracy CHECK (((accuracy >= (0)::double precision) AND (accuracy <= (1)::double precision))),
    CONSTRAINT ck_entry_macro_f1 CHECK (((macro_f1 >= (0)::double precision) AND (macro_f1 <= (1)::double precision))),
    CONSTRAINT ck_entry_n_draws CHECK ((n_draws >= 0)),
    CONSTRAINT fk_entry_encoder_id FOREIGN KEY (encoder_id) REFERENCES encoder(id),
    CONSTRAINT fk_entry_eval_subset_id FOREIGN KEY (eval_subset_id) REFERENCES subset(id),
    CONSTRAINT fk_entry_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_entry PRIMARY KEY (encoder_id, eval_subset_id)
);

CREATE TABLE evaluation (
    id integer NOT NULL DEFAULT nextval('evaluation_id_seq'::regclass),
    metric text NOT NULL,
    training_fingerprint text NOT NULL,
    hold_out text NOT NULL,
    setting text NOT NULL,
    bucket text NOT NULL,
    method text NOT NULL,
    kind text NOT NULL,
    level double precision NOT NULL,
    least_eval integer NOT NULL,
    n_rows integer NOT NULL,
    n_groups integer NOT NULL,
    unit text NOT NULL,
    mae double precision NOT NULL,
    mae_se double precision,
    cv_ratio double precision,
    bias double precision NOT NULL,
    r2 double precision,
    coverage double precision,
    worst_coverage double precision,
    width double precision,
    noise_floor double precision,
    n_sets integer NOT NULL,
    tau double precision,
    tau_se double precision,
    regret_1 double precision,
    regret_3 double precision,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_evaluation_hold_out CHECK ((hold_out = ANY (ARRAY['groups'::text, 'lineages'::text, 'both'::text]))),
    CONSTRAINT ck_evaluation_kind CHECK ((kind = ANY (ARRAY['metamodel'::text, 'baseline'::text, 'estimator'::text]))),
    CONSTRAINT ck_evaluation_level CHECK (((level > (0)::double precision) AND (level < (1)::double precision))),
    CONSTRAINT ck_evaluation_setting CHECK ((setting = ANY (ARRAY['same'::text, 'shift'::text]))),
    CONSTRAINT ck_evaluation_unit CHECK ((unit = ANY (ARRAY['points'::text, 'metric'::text]))),
    CONSTRAINT fk_evaluation_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_evaluation PRIMARY KEY (id),
    CONSTRAINT uq_evaluation_key UNIQUE (metric, training_fingerprint, hold_out, setting, bucket, method, level, least_eval)
);

CREATE TABLE failure (
    id integer NOT NULL DEFAULT nextval('failure_id_seq'::regclass),
    step text NOT NULL,
    unit text NOT NULL,
    message text NOT NULL,
    n_attempts integer NOT NULL,
    run_id integer,
    failed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_failure_step CHECK ((step = ANY (ARRAY['ingest'::text, 'embed'::text, 'subset'::text, 'probe'::text, 'characterize'::text, 'fit'::text]))),
    CONSTRAINT fk_failure_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_failure PRIMARY KEY (id),
    CONSTRAINT uq_failure_step_unit UNIQUE (step, unit)
);

CREATE TABLE feature (
    id integer NOT NULL DEFAULT nextval('feature_id_seq'::regclass),
    name text NOT NULL,
    item text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT ck_feature_kind CHECK ((kind = ANY (ARRAY['feature'::text, 'estimator'::text]))),
    CONSTRAINT pk_feature PRIMARY KEY (id),
    CONSTRAINT uq_feature_name UNIQUE (name)
);

CREATE TABLE feature_value (
    encoder_id integer NOT NULL,
    train_subset_id integer NOT NULL,
    eval_subset_id integer NOT NULL,
    feature_id integer NOT NULL,
    value double precision,
    run_id integer,
    CONSTRAINT fk_feature_value_encoder_id FOREIGN KEY (encoder_id) REFERENCES encoder(id),
    CONSTRAINT fk_feature_value_eval_subset_id FOREIGN KEY (eval_subset_id) REFERENCES subset(id),
    CONSTRAINT fk_feature_value_feature_id FOREIGN KEY (feature_id) REFERENCES feature(id),
    CONSTRAINT fk_feature_value_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT fk_feature_value_train_subset_id FOREIGN KEY (train_subset_id) REFERENCES subset(id),
    CONSTRAINT pk_feature_value PRIMARY KEY (encoder_id, train_subset_id, eval_subset_id, feature_id)
);

CREATE TABLE importance (
    id integer NOT NULL DEFAULT nextval('importance_id_seq'::regclass),
    metric text NOT NULL,
    item text NOT NULL,
    training_fingerprint text NOT NULL,
    setting text NOT NULL,
    family text NOT NULL,
    n_features integer NOT NULL,
    n_rows integer NOT NULL,
    n_groups integer NOT NULL,
    unit text NOT NULL,
    mae double precision NOT NULL,
    permuted double precision NOT NULL,
    permuted_se double precision,
    dropped double precision NOT NULL,
    dropped_se double precision,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_importance_setting CHECK ((setting = ANY (ARRAY['same'::text, 'shift'::text]))),
    CONSTRAINT ck_importance_unit CHECK ((unit = ANY (ARRAY['points'::text, 'metric'::text]))),
    CONSTRAINT fk_importance_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_importance PRIMARY KEY (id),
    CONSTRAINT uq_importance_metric_item_training_fingerprint_setting_family UNIQUE (metric, item, training_fingerprint, setting, family)
);

CREATE TABLE metamodel (
    id integer NOT NULL DEFAULT nextval('metamodel_id_seq'::regclass),
    item text NOT NULL,
    metric text NOT NULL,
    training_fingerprint text NOT NULL,
    n_rows integer NOT NULL,
    n_groups integer NOT NULL,
    n_lineages integer NOT NULL,
    report json NOT NULL,
    arrays_hash text NOT NULL,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_metamodel_arrays_hash FOREIGN KEY (arrays_hash) REFERENCES artifact(hash),
    CONSTRAINT fk_metamodel_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_metamodel PRIMARY KEY (id),
    CONSTRAINT uq_metamodel_item_metric_training_fingerprint UNIQUE (item, metric, training_fingerprint)
);

CREATE TABLE outcome (
    prediction_id integer NOT NULL,
    value double precision NOT NULL,
    n_eval integer,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT fk_outcome_prediction_id FOREIGN KEY (prediction_id) REFERENCES prediction(id),
    CONSTRAINT fk_outcome_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_outcome PRIMARY KEY (prediction_id)
);

CREATE TABLE prediction (
    id integer NOT NULL DEFAULT nextval('prediction_id_seq'::regclass),
    key text NOT NULL,
    metamodel_id integer,
    metamodel_fingerprint text NOT NULL,
    encoder_spec text,
    sample_fingerprint text NOT NULL,
    metric text NOT NULL,
    value double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    level double precision NOT NULL,
    support double precision NOT NULL,
    baselines json NOT NULL,
    features json NOT NULL,
    n_train integer NOT NULL,
    n_eval integer NOT NULL,
    at integer,
    run_id integer,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_prediction_interval CHECK (((low <= value) AND (value <= high))),
    CONSTRAINT ck_prediction_level CHECK (((level > (0)::double precision) AND (level < (1)::double precision))),
    CONSTRAINT ck_prediction_support CHECK (((support >= (0)::double precision) AND (support <= (1)::double precision))),
    CONSTRAINT fk_prediction_metamodel_id FOREIGN KEY (metamodel_id) REFERENCES metamodel(id),
    CONSTRAINT fk_prediction_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT pk_prediction PRIMARY KEY (id),
    CONSTRAINT uq_prediction_key UNIQUE (key)
);

CREATE TABLE probe (
    id integer NOT NULL DEFAULT nextval('probe_id_seq'::regclass),
    spec text NOT NULL,
    name text NOT NULL,
    parameters json NOT NULL,
    CONSTRAINT pk_probe PRIMARY KEY (id),
    CONSTRAINT uq_probe_spec UNIQUE (spec)
);

CREATE TABLE protocol (
    id integer NOT NULL DEFAULT nextval('protocol_id_seq'::regclass),
    name text NOT NULL,
    sampler text NOT NULL,
    parameters json NOT NULL,
    sizes json,
    n_seeds integer NOT NULL,
    eval_sizes json NOT NULL,
    CONSTRAINT ck_protocol_n_seeds CHECK ((n_seeds >= 1)),
    CONSTRAINT pk_protocol PRIMARY KEY (id),
    CONSTRAINT uq_protocol_name UNIQUE (name)
);

CREATE TABLE protocol_probe (
    protocol_id integer NOT NULL,
    probe_id integer NOT NULL,
    CONSTRAINT fk_protocol_probe_probe_id FOREIGN KEY (probe_id) REFERENCES probe(id),
    CONSTRAINT fk_protocol_probe_protocol_id FOREIGN KEY (protocol_id) REFERENCES protocol(id),
    CONSTRAINT pk_protocol_probe PRIMARY KEY (protocol_id, probe_id)
);

CREATE TABLE result (
    encoder_id integer NOT NULL,
    train_subset_id integer NOT NULL,
    eval_subset_id integer NOT NULL,
    probe_id integer NOT NULL,
    accuracy double precision NOT NULL,
    balanced_accuracy double precision,
    macro_f1 double precision,
    log_loss double precision,
    brier double precision,
    ece double precision,
    auroc double precision,
    cv_accuracy double precision,
    cv_log_loss double precision,
    chosen double precision,
    gap double precision,
    fit_seconds double precision,
    n_train integer NOT NULL,
    n_eval integer NOT NULL,
    origin text NOT NULL,
    run_id integer,
    CONSTRAINT ck_result_accuracy CHECK (((accuracy >= (0)::double precision) AND (accuracy <= (1)::double precision))),
    CONSTRAINT ck_result_log_loss CHECK ((log_loss >= (0)::double precision)),
    CONSTRAINT fk_result_encoder_id FOREIGN KEY (encoder_id) REFERENCES encoder(id),
    CONSTRAINT fk_result_eval_subset_id FOREIGN KEY (eval_subset_id) REFERENCES subset(id),
    CONSTRAINT fk_result_probe_id FOREIGN KEY (probe_id) REFERENCES probe(id),
    CONSTRAINT fk_result_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT fk_result_train_subset_id FOREIGN KEY (train_subset_id) REFERENCES subset(id),
    CONSTRAINT pk_result PRIMARY KEY (encoder_id, train_subset_id, eval_subset_id, probe_id)
);

CREATE TABLE run (
    id integer NOT NULL DEFAULT nextval('run_id_seq'::regclass),
    key text NOT NULL,
    command text NOT NULL,
    arguments json NOT NULL,
    version text NOT NULL,
    host text NOT NULL,
    status text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT ck_run_status CHECK ((status = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT pk_run PRIMARY KEY (id),
    CONSTRAINT uq_run_key UNIQUE (key)
);

CREATE TABLE split (
    id integer NOT NULL DEFAULT nextval('split_id_seq'::regclass),
    dataset_id integer NOT NULL,
    name text NOT NULL,
    n_rows integer NOT NULL,
    class_counts json NOT NULL,
    examples_hash text,
    CONSTRAINT ck_split_name CHECK ((name = ANY (ARRAY['train'::text, 'test'::text]))),
    CONSTRAINT fk_split_dataset_id FOREIGN KEY (dataset_id) REFERENCES dataset(id),
    CONSTRAINT fk_split_examples_hash FOREIGN KEY (examples_hash) REFERENCES artifact(hash),
    CONSTRAINT pk_split PRIMARY KEY (id),
    CONSTRAINT uq_split_dataset_id_name UNIQUE (dataset_id, name)
);

CREATE TABLE subset (
    id integer NOT NULL DEFAULT nextval('subset_id_seq'::regclass),
    protocol_id integer NOT NULL,
    split_id integer NOT NULL,
    labels_of_id integer NOT NULL,
    role text NOT NULL,
    n_rows integer NOT NULL,
    seed integer NOT NULL,
    parent_id integer,
    members_hash text,
    class_counts json NOT NULL,
    run_id integer,
    base_id integer,
    CONSTRAINT ck_subset_n_rows CHECK ((n_rows >= 1)),
    CONSTRAINT ck_subset_role CHECK ((role = ANY (ARRAY['train'::text, 'eval'::text]))),
    CONSTRAINT fk_subset_base_id FOREIGN KEY (base_id) REFERENCES subset(id),
    CONSTRAINT fk_subset_labels_of_id FOREIGN KEY (labels_of_id) REFERENCES dataset(id),
    CONSTRAINT fk_subset_members_hash FOREIGN KEY (members_hash) REFERENCES artifact(hash),
    CONSTRAINT fk_subset_parent_id FOREIGN KEY (parent_id) REFERENCES subset(id),
    CONSTRAINT fk_subset_protocol_id FOREIGN KEY (protocol_id) REFERENCES protocol(id),
    CONSTRAINT fk_subset_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT fk_subset_split_id FOREIGN KEY (split_id) REFERENCES split(id),
    CONSTRAINT pk_subset PRIMARY KEY (id),
    CONSTRAINT uq_subset_protocol_id_split_id_labels_of_id_role_n_rows_seed UNIQUE (protocol_id, split_id, labels_of_id, role, n_rows, seed)
);

CREATE INDEX ix_subset_base_id ON public.subset USING btree (base_id);

CREATE INDEX ix_subset_labels_of_id ON public.subset USING btree (labels_of_id);

CREATE INDEX ix_subset_split_id ON public.subset USING btree (split_id);

CREATE TABLE task_embedding (
    encoder_id integer NOT NULL,
    split_id integer NOT NULL,
    kind text NOT NULL,
    vector_hash text NOT NULL,
    n_rows integer NOT NULL,
    n_dims integer NOT NULL,
    run_id integer,
    CONSTRAINT ck_task_embedding_n_rows CHECK ((n_rows >= 1)),
    CONSTRAINT fk_task_embedding_encoder_id FOREIGN KEY (encoder_id) REFERENCES encoder(id),
    CONSTRAINT fk_task_embedding_run_id FOREIGN KEY (run_id) REFERENCES run(id),
    CONSTRAINT fk_task_embedding_split_id FOREIGN KEY (split_id) REFERENCES split(id),
    CONSTRAINT fk_task_embedding_vector_hash FOREIGN KEY (vector_hash) REFERENCES artifact(hash),
    CONSTRAINT pk_task_embedding PRIMARY KEY (encoder_id, split_id, kind)
);
