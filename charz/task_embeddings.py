"""The table of vectors that stand for tasks: part of the schema of `charz.schema`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from charz.columns import Base


class TaskEmbedding(Base):
    """One vector that stands for the labelled rows of a split under an encoder."""

    __tablename__ = "task_embedding"
    __table_args__ = (CheckConstraint("n_rows >= 1", name="n_rows"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id"), primary_key=True)
    split_id: Mapped[int] = mapped_column(ForeignKey("split.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    vector_hash: Mapped[str] = mapped_column(ForeignKey("artifact.hash"))
    n_rows: Mapped[int]
    n_dims: Mapped[int]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
