"""The tables of the registry, and nothing else.

Every table has a natural unique key (``natural_key``), so that every write is idempotent;
every enumeration is text with a named CHECK; times are UTC. Figures about the tables,
with a diagram, are in ``docs/schema.md``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charz.answered import Answer as Answer
from charz.columns import Base, now
from charz.entries import Entry as Entry
from charz.evaluations import Evaluation as Evaluation
from charz.evaluations import Importance as Importance
from charz.task_embeddings import TaskEmbedding as TaskEmbedding


class Run(Base):
    """One execution of a command: the provenance of every row it wrote."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
        UniqueConstraint("key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    command: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    version: Mapped[str]
    host: Mapped[str]
    status: Mapped[str] = mapped_column(default="running")
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class Artifact(Base):
    """An array or table kept outside the database under its content hash."""

    __tablename__ = "artifact"
    __table_args__ = (
        CheckConstraint("kind IN ('examples', 'embedding', 'members', 'metamodel')", name="kind"),
        CheckConstraint("length(hash) = 64", name="hash"),
    )

    hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    suffix: Mapped[str]
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    dtype: Mapped[str | None]
    shape: Mapped[list[Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Encoder(Base):
    """Text to vector: a checkpoint with layer, pooling, prompt and truncation."""

    __tablename__ = "encoder"
    __table_args__ = (UniqueConstraint("spec"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    revision: Mapped[str | None]
    lineage: Mapped[str]
    fingerprint: Mapped[str]
    layer: Mapped[int | None]
    pooling: Mapped[str | None]
    prompt: Mapped[str | None]
    max_tokens: Mapped[int | None]
    n_dims: Mapped[int | None]
    n_layers: Mapped[int | None]
    n_parameters: Mapped[int | None] = mapped_column(BigInteger)
    is_normalized: Mapped[bool]
    is_fitted: Mapped[bool]
    is_control: Mapped[bool]
    license: Mapped[str | None]
    seconds_per_1k_tokens: Mapped[float | None]
    extra: Mapped[dict[str, Any]]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    released: Mapped[str | None]
    is_open: Mapped[bool | None]
    languages: Mapped[list[Any] | None]
    trained_on: Mapped[list[Any] | None]


class Dataset(Base):
    """Labelled texts at a fingerprint; ``group_name`` is held out together."""

    __tablename__ = "dataset"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("n_classes >= 2", name="n_classes"),
        CheckConstraint("balance BETWEEN 0 AND 1", name="balance"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str]
    source: Mapped[str]
    group_name: Mapped[str]
    label_family: Mapped[str | None]
    task: Mapped[str | None]
    language: Mapped[str | None]
    license: Mapped[str | None]
    n_classes: Mapped[int]
    classes: Mapped[list[Any]]
    balance: Mapped[float | None]
    is_pair: Mapped[bool]
    median_words: Mapped[float | None]
    p95_words: Mapped[float | None]
    n_overlap: Mapped[int | None]
    extra: Mapped[dict[str, Any]]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    languages: Mapped[list[Any] | None]
    domains: Mapped[list[Any] | None]
    mean_chars: Mapped[float | None]


class Split(Base):
    """The train or test rows of a dataset; imported datasets have no examples."""

    __tablename__ = "split"
    __table_args__ = (
        UniqueConstraint("dataset_id", "name"),
        CheckConstraint("name IN ('train', 'test')", name="name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    name: Mapped[str]
    n_rows: Mapped[int]
    class_counts: Mapped[list[Any]]
    examples_hash: Mapped[str | None] = mapped_column(ForeignKey("artifact.hash"))


class Embedding(Base):
    """The vectors of a split under an encoder.

    ``basis_id`` is the dataset whose training split a fitted encoder learned from; for
    every other encoder the split's own dataset.
    """

    __tablename__ = "embedding"

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id"), primary_key=True)
    split_id: Mapped[int] = mapped_column(ForeignKey("split.id"), primary_key=True)
    basis_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"), primary_key=True)
    vectors_hash: Mapped[str] = mapped_column(ForeignKey("artifact.hash"))
    n_dims: Mapped[int]
    n_tokens: Mapped[int | None] = mapped_column(BigInteger)
    seconds: Mapped[float | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))


class Protocol(Base):
    """A plan of cells: sampler, sizes, seeds, eval sizes and probes."""

    __tablename__ = "protocol"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("n_seeds >= 1", name="n_seeds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sampler: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    sizes: Mapped[list[Any] | None]
    n_seeds: Mapped[int]
    eval_sizes: Mapped[list[Any]]


class Probe(Base):
    """A classifier family with its parameters, spelled ``NAME[?parameter=value&...]``."""

    __tablename__ = "probe"
    __table_args__ = (UniqueConstraint("spec"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[str]
    name: Mapped[str]
    parameters: Mapped[dict[str, Any]]


class ProtocolProbe(Base):
    """Which probes a protocol runs."""

    __tablename__ = "protocol_probe"

    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"), primary_key=True)
    probe_id: Mapped[int] = mapped_column(ForeignKey("probe.id"), primary_key=True)


class Subset(Base):
    """Rows of a split drawn by a protocol's sampler.

    Sizes of one seed are nested: ``members_hash`` holds the whole ordering, (rows, label
    codes), of which the subset is the first ``n_rows``; ``parent_id`` is the next larger
    subset. ``labels_of_id`` is the dataset whose class codes the labels use: another
    dataset of the family for shifted eval subsets. Imported subsets have no members.

    A pooled subset has a base, a subset of the dataset whose codes it uses: its rows are
    those of ``base_id`` and then the first ``n_rows`` less the base's of its own members,
    which come from a split of another dataset.
    """

    __tablename__ = "subset"
    __table_args__ = (
        UniqueConstraint("protocol_id", "split_id", "labels_of_id", "role", "n_rows", "seed"),
        CheckConstraint("role IN ('train', 'eval')", name="role"),
        CheckConstraint("n_rows >= 1", name="n_rows"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    split_id: Mapped[int] = mapped_column(ForeignKey("split.id"), index=True)
    labels_of_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"), index=True)
    role: Mapped[str]
    n_rows: Mapped[int]
    seed: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("subset.id"))
    members_hash: Mapped[str | None] = mapped_column(ForeignKey("artifact.hash"))
    class_counts: Mapped[list[Any]]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    base_id: Mapped[int | None] = mapped_column(ForeignKey("subset.id"), index=True)


class Result(Base):
    """The metrics of one cell: encoder x train subset x eval subset x probe."""

    __tablename__ = "result"
    __table_args__ = (
        CheckConstraint("accuracy BETWEEN 0 AND 1", name="accuracy"),
        CheckConstraint("log_loss >= 0", name="log_loss"),
    )

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id"), primary_key=True)
    train_subset_id: Mapped[int] = mapped_column(ForeignKey("subset.id"), primary_key=True)
    eval_subset_id: Mapped[int] = mapped_column(ForeignKey("subset.id"), primary_key=True)
    probe_id: Mapped[int] = mapped_column(ForeignKey("probe.id"), primary_key=True)
    accuracy: Mapped[float]
    balanced_accuracy: Mapped[float | None]
    macro_f1: Mapped[float | None]
    log_loss: Mapped[float | None]
    brier: Mapped[float | None]
    ece: Mapped[float | None]
    auroc: Mapped[float | None]
    cv_accuracy: Mapped[float | None]
    cv_log_loss: Mapped[float | None]
    chosen: Mapped[float | None]
    gap: Mapped[float | None]
    fit_seconds: Mapped[float | None]
    n_train: Mapped[int]
    n_eval: Mapped[int]
    origin: Mapped[str] = mapped_column(default="measured")
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))


class Feature(Base):
    """A feature or estimator by its stored name."""

    __tablename__ = "feature"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("kind IN ('feature', 'estimator')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    item: Mapped[str]
    kind: Mapped[str]


class FeatureValue(Base):
    """One number about one sample; NULL where the feature is not defined for it."""

    __tablename__ = "feature_value"
    __table_args__ = ({"sqlite_with_rowid": False},)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id"), primary_key=True)
    train_subset_id: Mapped[int] = mapped_column(ForeignKey("subset.id"), primary_key=True)
    eval_subset_id: Mapped[int] = mapped_column(ForeignKey("subset.id"), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("feature.id"), primary_key=True)
    value: Mapped[float | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))


class Metamodel(Base):
    """A learned map from features to a metric, with its held-out report."""

    __tablename__ = "metamodel"
    __table_args__ = (UniqueConstraint("item", "metric", "training_fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]
    metric: Mapped[str]
    training_fingerprint: Mapped[str]
    n_rows: Mapped[int]
    n_groups: Mapped[int]
    n_lineages: Mapped[int]
    report: Mapped[list[Any]]
    arrays_hash: Mapped[str] = mapped_column(ForeignKey("artifact.hash"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Prediction(Base):
    """A forecast that was given to somebody, with all that it was made from."""

    __tablename__ = "prediction"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("low <= value AND value <= high", name="interval"),
        CheckConstraint("level > 0 AND level < 1", name="level"),
        CheckConstraint("support BETWEEN 0 AND 1", name="support"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    metamodel_id: Mapped[int | None] = mapped_column(ForeignKey("metamodel.id"))
    metamodel_fingerprint: Mapped[str]
    encoder_spec: Mapped[str | None]
    sample_fingerprint: Mapped[str]
    metric: Mapped[str]
    value: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    level: Mapped[float]
    support: Mapped[float]
    baselines: Mapped[dict[str, Any]]
    features: Mapped[dict[str, Any]]
    n_train: Mapped[int]
    n_eval: Mapped[int]
    at: Mapped[int | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Outcome(Base):
    """The truth about a prediction, once known."""

    __tablename__ = "outcome"

    prediction_id: Mapped[int] = mapped_column(ForeignKey("prediction.id"), primary_key=True)
    value: Mapped[float]
    n_eval: Mapped[int | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Failure(Base):
    """A unit of work that failed and why; gone once it succeeds."""

    __tablename__ = "failure"
    __table_args__ = (
        UniqueConstraint("step", "unit"),
        CheckConstraint(
            "step IN ('ingest', 'embed', 'subset', 'probe', 'characterize', 'fit')", name="step"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str]
    unit: Mapped[str]
    message: Mapped[str]
    n_attempts: Mapped[int]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    failed_at: Mapped[datetime] = mapped_column(default=now)


TABLES: dict[str, Table] = {table.name: table for table in Base.metadata.sorted_tables}
"""Every table by name, referenced ones first."""


def natural_key(table: Table) -> tuple[str, ...]:
    """Return the columns that identify a row across registries.

    The unique constraint where there is one, else the primary key.

    >>> natural_key(TABLES["encoder"])
    ('spec',)
    >>> natural_key(TABLES["result"])
    ('encoder_id', 'train_subset_id', 'eval_subset_id', 'probe_id')
    """
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            return tuple(column.name for column in constraint.columns)
    return tuple(column.name for column in table.primary_key.columns)
