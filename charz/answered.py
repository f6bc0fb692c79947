"""The table of answers that were given: part of the schema of `charz.schema`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from charz.columns import Base, now


class Answer(Base):
    """What somebody was told of texts of their own, with what was asked."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("command IN ('compare', 'coverage', 'label', 'head')", name="command"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    command: Mapped[str]
    asked: Mapped[dict[str, Any]]
    files: Mapped[dict[str, Any]]
    said: Mapped[dict[str, Any]]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
