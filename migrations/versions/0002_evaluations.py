"""evaluations: how methods did on what was held out, and what families of features are worth."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "metric", "training_fingerprint", "hold_out", "setting", "bucket", "method", "kind",
            )
        ),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("least_eval", sa.Integer(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("n_groups", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("mae", sa.Double(), nullable=False),
        sa.Column("mae_se", sa.Double(), nullable=True),
        sa.Column("cv_ratio", sa.Double(), nullable=True),
        sa.Column("bias", sa.Double(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=True)
            for name in ("r2", "coverage", "worst_coverage", "width", "noise_floor")
        ),
        sa.Column("n_sets", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=True)
            for name in ("tau", "tau_se", "regret_1", "regret_3")
        ),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "hold_out IN ('groups', 'lineages', 'both')", name=op.f("ck_evaluation_hold_out")
        ),
        sa.CheckConstraint("setting IN ('same', 'shift')", name=op.f("ck_evaluation_setting")),
        sa.CheckConstraint(
            "kind IN ('metamodel', 'baseline', 'estimator')", name=op.f("ck_evaluation_kind")
        ),
        sa.CheckConstraint("unit IN ('points', 'metric')", name=op.f("ck_evaluation_unit")),
        sa.CheckConstraint("level > 0 AND level < 1", name=op.f("ck_evaluation_level")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_evaluation_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint(
            "metric", "training_fingerprint", "hold_out", "setting", "bucket", "method",
            "level", "least_eval",
            name="uq_evaluation_key",
        ),
    )  # fmt: skip
    op.create_table(
        "importance",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("metric", "item", "training_fingerprint", "setting", "family")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("n_features", "n_rows", "n_groups")
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("mae", sa.Double(), nullable=False),
        sa.Column("permuted", sa.Double(), nullable=False),
        sa.Column("permuted_se", sa.Double(), nullable=True),
        sa.Column("dropped", sa.Double(), nullable=False),
        sa.Column("dropped_se", sa.Double(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("setting IN ('same', 'shift')", name=op.f("ck_importance_setting")),
        sa.CheckConstraint("unit IN ('points', 'metric')", name=op.f("ck_importance_unit")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_importance_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_importance")),
        sa.UniqueConstraint(
            "metric", "item", "training_fingerprint", "setting", "family",
            name=op.f("uq_importance_metric_item_training_fingerprint_setting_family"),
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("importance")
    op.drop_table("evaluation")
