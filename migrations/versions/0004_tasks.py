"""tasks: vectors that stand for datasets, and training subsets that span two datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subset") as subset:
        subset.add_column(sa.Column("base_id", sa.Integer(), nullable=True))
        subset.create_foreign_key(op.f("fk_subset_base_id"), "subset", ["base_id"], ["id"])
        subset.create_index(op.f("ix_subset_base_id"), ["base_id"])
    op.create_table(
        "task_embedding",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("split_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("vector_hash", sa.Text(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("n_dims", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("n_rows >= 1", name=op.f("ck_task_embedding_n_rows")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_task_embedding_{column}"))
            for column, target in (
                ("encoder_id", "encoder.id"),
                ("split_id", "split.id"),
                ("vector_hash", "artifact.hash"),
                ("run_id", "run.id"),
            )
        ),
        sa.PrimaryKeyConstraint("encoder_id", "split_id", "kind", name=op.f("pk_task_embedding")),
    )


def downgrade() -> None:
    op.drop_table("task_embedding")
    with op.batch_alter_table("subset") as subset:
        subset.drop_index(op.f("ix_subset_base_id"))
        subset.drop_constraint(op.f("fk_subset_base_id"), type_="foreignkey")
        subset.drop_column("base_id")
