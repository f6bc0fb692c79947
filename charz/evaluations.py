"""The tables of judging: part of the schema, whose other tables are in `charz.schema`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charz.columns import Base, now


class Evaluation(Base):
    """How one method did on what was held out, by setting and size of the training sample."""

    __tablename__ = "evaluation"
    __table_args__ = (
        UniqueConstraint(
            "metric", "training_fingerprint", "hold_out", "setting", "bucket", "method",
            "level", "least_eval", name="uq_evaluation_key",
        ),
        CheckConstraint("hold_out IN ('groups', 'lineages', 'both')", name="hold_out"),
        CheckConstraint("setting IN ('same', 'shift')", name="setting"),
        CheckConstraint("kind IN ('metamodel', 'baseline', 'estimator')", name="kind"),
        CheckConstraint("unit IN ('points', 'metric')", name="unit"),
        CheckConstraint("level > 0 AND level < 1", name="level"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[str]
    training_fingerprint: Mapped[str]
    hold_out: Mapped[str]
    setting: Mapped[str]
    bucket: Mapped[str]
    method: Mapped[str]
    kind: Mapped[str]
    level: Mapped[float]
    least_eval: Mapped[int]
    n_rows: Mapped[int]
    n_groups: Mapped[int]
    unit: Mapped[str]
    mae: Mapped[float]
    mae_se: Mapped[float | None]
    cv_ratio: Mapped[float | None]
    bias: Mapped[float]
    r2: Mapped[float | None]
    coverage: Mapped[float | None]
    worst_coverage: Mapped[float | None]
    width: Mapped[float | None]
    noise_floor: Mapped[float | None]
    n_sets: Mapped[int]
    tau: Mapped[float | None]
    tau_se: Mapped[float | None]
    regret_1: Mapped[float | None]
    regret_3: Mapped[float | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Importance(Base):
    """What a family of features is worth to a metamodel on groups held out."""

    __tablename__ = "importance"
    __table_args__ = (
        UniqueConstraint("metric", "item", "training_fingerprint", "setting", "family"),
        CheckConstraint("setting IN ('same', 'shift')", name="setting"),
        CheckConstraint("unit IN ('points', 'metric')", name="unit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[str]
    item: Mapped[str]
    training_fingerprint: Mapped[str]
    setting: Mapped[str]
    family: Mapped[str]
    n_features: Mapped[int]
    n_rows: Mapped[int]
    n_groups: Mapped[int]
    unit: Mapped[str]
    mae: Mapped[float]
    permuted: Mapped[float]
    permuted_se: Mapped[float | None]
    dropped: Mapped[float]
    dropped_se: Mapped[float | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
