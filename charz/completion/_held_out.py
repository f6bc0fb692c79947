"""Fitting with groups held out: what a model's intervals must be widened by.

Groups of tasks, and organisations of encoders, are dealt into folds by a hash of their names.
Each fold's lines are predicted by a model that never heard of them; `charz.completion._calibrate`
makes widths of it.

Examples
--------
>>> [sorted(fold) for fold in folds(["a", "b", "a", "c"], 2)]
[['a', 'c'], ['b']]
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _calibrate, _grid, _model
from charz.completion._calibrate import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from charz.completion._model import Model
    from charz.completion._record import Record

N_FOLDS = 5
TOGETHER = {"tasks": "group", "encoders": "organisation"}
PLANS = {"tasks": ("best",), "encoders": ()}
"""Goals of the plans that may have chosen what was measured of a line."""
LEAST_CELLS = 5
"""Lines with fewer measured cells judge nothing."""


def fit(record: Record, item: str = _model.DEFAULT, n_folds: int = N_FOLDS) -> Model:
    """Fit an item of the shelf on a record, and learn its widths with groups held out.

    Raises
    ------
    UnknownNameError
        When the shelf has no such item.
    InputError
        When the record has no cell.
    """
    widths = {
        axis: _calibrate.widths(lines(record, item, axis, n_folds), PLANS[axis])
        for axis in _grid.AXES
    }
    return replace(_model.fit(record, item), widths=widths)


def lines(record: Record, item: str, axis: str, n_folds: int = N_FOLDS) -> list[Line]:
    """Return every line of an axis, where measured, as a model fitted without its fold sees it."""
    facts = getattr(record, axis)
    names = facts[TOGETHER[axis]]
    value, error = record.matrix("value").T, _grid.errors(record)
    if axis == "encoders":
        value, error = value.T, error.T
    found = []
    for out in folds(names, n_folds):
        asked = facts.index[names.isin(out)]
        rest = record.without(**{axis: asked})
        if not rest.n_cells:
            continue
        model = _model.fit(rest, item)
        places = (model.encoders if axis == "tasks" else model.tasks).index
        for name in asked:
            known = np.flatnonzero(value.loc[name, places].notna())
            if len(known) >= LEAST_CELLS:
                prior = _model.prior(model, axis, facts.loc[[name]]).only(known)
                at = places[known]
                found.append(
                    Line(str(names[name]), prior, value.loc[name, at].to_numpy(),
                         error.loc[name, at].to_numpy())
                )  # fmt: skip
    return found


def folds(names: Iterable[str], n_folds: int = N_FOLDS) -> list[set[str]]:
    """Return the different names in folds of almost one size, dealt by a hash."""
    dealt = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return [set(dealt[n::n_folds]) for n in range(n_folds)]
