"""entries: what public records say of encoders on tasks, and the facts that they state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("encoder", sa.Column("released", sa.Text(), nullable=True))
    op.add_column("encoder", sa.Column("is_open", sa.Boolean(), nullable=True))
    op.add_column("encoder", sa.Column("languages", sa.JSON(), nullable=True))
    op.add_column("encoder", sa.Column("trained_on", sa.JSON(), nullable=True))
    op.add_column("dataset", sa.Column("languages", sa.JSON(), nullable=True))
    op.add_column("dataset", sa.Column("domains", sa.JSON(), nullable=True))
    op.add_column("dataset", sa.Column("mean_chars", sa.Double(), nullable=True))
    op.create_table(
        "entry",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("eval_subset_id", sa.Integer(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("macro_f1", sa.Double(), nullable=True),
        sa.Column("n_draws", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("revision", "dataset_revision", "version")
        ),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("accuracy BETWEEN 0 AND 1", name=op.f("ck_entry_accuracy")),
        sa.CheckConstraint("macro_f1 BETWEEN 0 AND 1", name=op.f("ck_entry_macro_f1")),
        sa.CheckConstraint("n_draws >= 0", name=op.f("ck_entry_n_draws")),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], name=op.f("fk_entry_encoder_id")),
        sa.ForeignKeyConstraint(
            ["eval_subset_id"], ["subset.id"], name=op.f("fk_entry_eval_subset_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_entry_run_id")),
        sa.PrimaryKeyConstraint("encoder_id", "eval_subset_id", name=op.f("pk_entry")),
    )


def downgrade() -> None:
    op.drop_table("entry")
    for name in ("mean_chars", "domains", "languages"):
        op.drop_column("dataset", name)
    for name in ("trained_on", "languages", "is_open", "released"):
        op.drop_column("encoder", name)
