"""The table of what others published: one line of a public record, of an encoder on a task."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from charz.columns import Base


class Entry(Base):
    """One line of a public record: what was published of an encoder on a task.

    Its single draws, where they were published too, are results; here stand their mean and
    what they were measured with.
    """

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("accuracy BETWEEN 0 AND 1", name="accuracy"),
        CheckConstraint("macro_f1 BETWEEN 0 AND 1", name="macro_f1"),
        CheckConstraint("n_draws >= 0", name="n_draws"),
    )

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id"), primary_key=True)
    eval_subset_id: Mapped[int] = mapped_column(ForeignKey("subset.id"), primary_key=True)
    accuracy: Mapped[float]
    macro_f1: Mapped[float | None]
    n_draws: Mapped[int]
    revision: Mapped[str | None]
    dataset_revision: Mapped[str | None]
    version: Mapped[str | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
