"""A record laid out for learning: tasks by encoders, on the learned scale.

Examples
--------
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.9}, "b": {"s": 0.6}}))
>>> grid.Y.shape, int(np.isnan(grid.Y).sum())
((2, 2), 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from charz.completion import _facts, _scale
from charz.errors import InputError

if TYPE_CHECKING:
    from charz.completion._record import Record
    from charz.records import Floats, Ints

    Arrays = dict[str, np.ndarray]

AXES = ("tasks", "encoders")
LEAST_SE = 0.001
UNKNOWN_SD = 0.025
"""The standard deviation of one draw where no cell says: about that of eight rows a class."""


@dataclass(frozen=True)
class Grid:
    """Cells on the probit scale, with facts as features.

    Attributes
    ----------
    Y : array (tasks, encoders)
        NaN where not measured.
    noise : array (tasks, encoders)
        Variance of each cell over repeated draws, on the scale of ``Y``; NaN where not measured.
    features : dict of arrays
        For each axis (rows, features).
    weights : array (tasks,)
        What a task counts: n^(-1/2) in a group of n tasks.
    groups : dict of arrays, optional
        For each axis (rows,), codes of what is held out together: groups of tasks, organisations
        of encoders. Without, each row stands by itself.
    """

    Y: Floats
    noise: Floats
    features: dict[str, Floats]
    weights: Floats
    groups: dict[str, Ints] | None = None


def of_record(record: Record, facts: dict[str, Arrays] | None = None) -> Grid:
    """Return the grid of a record, its facts encoded by ``facts`` or on their own terms.

    Raises
    ------
    InputError
        When the record has no cell.
    """
    if record.n_cells == 0:
        raise InputError("the record has no cell", "give measured accuracies")
    value = record.matrix("value").to_numpy(dtype=np.float64).T
    error = errors(record).to_numpy()
    facts = facts or encoders_of_facts(record)
    features = {axis: _facts.encode(facts[axis], getattr(record, axis)) for axis in AXES}
    noise = (error * _scale.slope(value)) ** 2
    together = {"tasks": record.tasks["group"], "encoders": record.encoders["organisation"]}
    groups = {axis: codes(names) for axis, names in together.items()}
    weights = group_weights(record.tasks["group"])
    return Grid(_scale.to_scale(value), noise, features, weights, groups)


def encoders_of_facts(record: Record) -> dict[str, Arrays]:
    """Return what encodes the facts of each axis."""
    return {axis: _facts.fit(getattr(record, axis), axis) for axis in AXES}


def errors(record: Record) -> pd.DataFrame:
    """Return the standard error of each cell's mean as a frame (tasks, encoders)."""
    sd, n_draws = (record.matrix(name).T.astype(np.float64) for name in ("sd", "n_draws"))
    found = standard_error(sd.to_numpy(), n_draws.to_numpy())
    return pd.DataFrame(found, sd.index, sd.columns)


def standard_error(sd: Floats, n_draws: Floats) -> Floats:
    """Return the standard error of each cell's mean: by the task's usual SD where it has none."""
    usual = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else UNKNOWN_SD
                      for row in sd])  # fmt: skip
    sd = np.where(np.isnan(sd), usual[:, None], sd)
    return np.asarray(np.sqrt(sd**2 / np.maximum(n_draws, 1) + LEAST_SE**2))


def codes(names: object) -> Ints:
    """Return the place of each name among the different ones.

    >>> codes(["b", "a", "b"])
    array([1, 0, 1])
    """
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1]


def group_weights(groups: object) -> Floats:
    """Return n^(-1/2) for each row of a group of n.

    >>> group_weights(["a", "a", "a", "a", "b"])
    array([0.5, 0.5, 0.5, 0.5, 1. ])
    """
    _, inverse, sizes = np.unique(np.asarray(groups, dtype=str), return_inverse=True,
                                  return_counts=True)  # fmt: skip
    return np.asarray(sizes[inverse] ** -0.5, dtype=np.float64)
