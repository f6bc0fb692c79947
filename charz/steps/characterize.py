"""Characterize: every feature and estimator of every sample.

Reads embeddings and subsets; writes feature_value rows, NULL where a feature is not defined
for a sample. Eval labels are never loaded: a `Sample` has no place for them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from charz import pending
from charz.pending import Choice
from charz.records import Progress, Silence, Summary
from charz.sample import Sample
from charz.schema import TABLES, Feature
from charz.steps import _cells, _features, _filters, _units
from charz.steps._arrays import Arrays
from charz.store import Store


def run(
    store: Store,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    protocols: Sequence[str] = (),
    n_seeds: int | None = None,
    whole_eval: bool = False,
    workers: int = 1,
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Compute the features that samples lack; other arguments as for `charz.steps.probe.run`.

    Parameters
    ----------
    protocols : sequence of str
        Names or patterns with ``*``: only samples that these drew; all when empty.
    n_seeds : int, optional
        Only training subsets of seeds below this.
    whole_eval : bool
        Only the largest eval subset of each split.

    Raises
    ------
    UnknownNameError
        When a pattern matches nothing.
    """
    ids = _register(store)
    choice = Choice(_filters.protocol_ids(store, protocols), n_seeds, whole_eval)
    asked = pending.uncharacterized(list(ids.values()), choice)
    return _units.run(
        "characterize",
        store,
        _characterize,
        _cells.units(store, asked, encoders, datasets, (ids, choice)),
        noun="samples",
        workers=workers,
        deadline=deadline,
        progress=progress or Silence(),
    )


def _register(store: Store) -> dict[str, int]:
    """Give every item of the two shelves its rows; return the ids by stored name."""
    rows = _features.catalogue()
    store.put("feature", rows)
    names = [row["name"] for row in rows]
    statement = sa.select(Feature.id, Feature.name).where(Feature.name.in_(names))
    return {row["name"]: row["id"] for row in store.rows(statement)}


def _characterize(store: Store, unit: tuple[int, int, tuple[dict[str, int], Choice]]) -> None:
    encoder_id, dataset_id, (ids, choice) = unit
    arrays = Arrays(store, encoder_id, dataset_id)
    statement = pending.uncharacterized(list(ids.values()), choice)
    samples = store.rows(pending.of_unit(statement, encoder_id, dataset_id))
    evals_of: dict[int, list[int]] = defaultdict(list)
    for row in samples:
        evals_of[row["train_subset_id"]].append(row["eval_subset_id"])
    for train, evals in sorted(evals_of.items()):
        rows = _rows(store, arrays, encoder_id, train, sorted(evals), ids)
        store.put("feature_value", rows)


def _rows(
    store: Store,
    arrays: Arrays,
    encoder_id: int,
    train: int,
    evals: Sequence[int],
    ids: dict[str, int],
) -> list[dict[str, Any]]:
    """Return the missing feature rows of one training subset with its eval subsets."""
    draw = arrays.draw(train)
    X_evals = [arrays.vectors(eval_)[arrays.draw(eval_).rows] for eval_ in evals]
    samples = Sample.several(
        arrays.vectors(train)[draw.rows], draw.labels, X_evals, arrays.n_classes(train)
    )
    rows = []
    for eval_, sample in zip(evals, samples, strict=True):
        there = _there(store, encoder_id, train, eval_)
        values = _features.compute(sample, [name for name in ids if ids[name] not in there])
        key = {"encoder_id": encoder_id, "train_subset_id": train, "eval_subset_id": eval_}
        rows += [
            key
            | {
                "feature_id": ids[name],
                "value": value if math.isfinite(value) else None,
                "run_id": store.run_id,
            }
            for name, value in values.items()
        ]
    return rows


def _there(store: Store, encoder_id: int, train: int, eval_: int) -> set[int]:
    values = TABLES["feature_value"]
    statement = sa.select(values.c.feature_id).where(
        values.c.encoder_id == encoder_id,
        values.c.train_subset_id == train,
        values.c.eval_subset_id == eval_,
    )
    return {row["feature_id"] for row in store.rows(statement)}
