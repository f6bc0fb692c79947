"""Status: what is there, what is pending, what failed and why."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from charz import pending
from charz.schema import TABLES, Dataset
from charz.steps import _features
from charz.store import Store


def run(store: Store) -> list[dict[str, Any]]:
    """Return one row per step: ``step``, ``unit``, ``done``, ``pending`` and ``failed``.

    ``pending`` counts what could be done now: cells of splits that are not embedded yet
    are not among it.
    """
    failed = _failed(store)
    names = [row["name"] for row in _features.catalogue()]
    table = TABLES["feature"]
    known = store.rows(sa.select(table.c.id).where(table.c.name.in_(names)))
    features = pending.uncharacterized([row["id"] for row in known])
    steps = (
        ("ingest", "encoders", store.count("encoder"), 0),
        ("ingest", "datasets", store.count("dataset"), 0),
        ("subset", "subsets", store.count("subset"), _undrawn(store)),
        ("embed", "embeddings", store.count("embedding"), _n(store, pending.embeddings())),
        ("probe", "results", store.count("result"), _n(store, pending.cells())),
        ("characterize", "feature values", store.count("feature_value"),
         _n(store, features if len(known) == len(names) else pending.samples())),
        ("fit", "metamodels", store.count("metamodel"), 0),
        ("predict", "predictions", store.count("prediction"), 0),
        ("outcome", "outcomes", store.count("outcome"), 0),
    )  # fmt: skip
    return [
        {"step": step, "unit": unit, "done": done, "pending": left, "failed": failed.get(step, 0)}
        for step, unit, done, left in steps
    ]


def failures(store: Store) -> list[dict[str, Any]]:
    """Return what failed: ``step``, ``unit``, ``message``, ``n_attempts`` and ``failed_at``."""
    table = TABLES["failure"]
    rows = store.rows(sa.select(table).order_by(table.c.step, table.c.unit))
    shown = ("step", "unit", "message", "n_attempts", "failed_at")
    return [{name: row[name] for name in shown} for row in rows]


def _n(store: Store, statement: pending.Statement) -> int:
    rows = store.rows(sa.select(sa.func.count().label("n")).select_from(statement.subquery()))
    return int(rows[0]["n"])


def _failed(store: Store) -> dict[str, int]:
    table = TABLES["failure"]
    counted = sa.select(table.c.step, sa.func.count().label("n")).group_by(table.c.step)
    return {row["step"]: row["n"] for row in store.rows(counted)}


def _undrawn(store: Store) -> int:
    """Return how many datasets with examples no protocol has drawn from yet."""
    subset, split = TABLES["subset"], TABLES["split"]
    drawn = sa.exists().where(subset.c.labels_of_id == Dataset.id)
    with_examples = sa.exists().where(
        split.c.dataset_id == Dataset.id, split.c.examples_hash.is_not(None)
    )
    return _n(store, sa.select(Dataset.id).where(with_examples, ~drawn))
