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

from charz.completion import _facts, _scale
from charz.errors import InputError

if TYPE_CHECKING:
    from charz.completion._record import Record
    from charz.records import Floats

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
    """

    Y: Floats
    noise: Floats
    features: dict[str, Floats]
    weights: Floats


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
    error = standard_error(
        record.matrix("sd").to_numpy(dtype=np.float64).T,
        record.matrix("n_draws").to_numpy(dtype=np.float64).T,
    )
    facts = facts or encoders_of_facts(record)
    features = {axis: _facts.encode(facts[axis], getattr(record, axis)) for axis in AXES}
    noise = (error * _scale.slope(value)) ** 2
    return Grid(_scale.to_scale(value), noise, features, group_weights(record.tasks["group"]))


def encoders_of_facts(record: Record) -> dict[str, Arrays]:
    """Return what encodes the facts of each axis."""
    return {axis: _facts.fit(getattr(record, axis), axis) for axis in AXES}


def standard_error(sd: Floats, n_draws: Floats) -> Floats:
    """Return the standard error of each cell's mean: by the task's usual SD where it has none."""
    usual = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else UNKNOWN_SD
                      for row in sd])  # fmt: skip
    sd = np.where(np.isnan(sd), usual[:, None], sd)
    return np.asarray(np.sqrt(sd**2 / np.maximum(n_draws, 1) + LEAST_SE**2))


def group_weights(groups: object) -> Floats:
    """Return n^(-1/2) for each row of a group of n.

    >>> group_weights(["a", "a", "a", "a", "b"])
    array([0.5, 0.5, 0.5, 0.5, 1. ])
    """
    _, inverse, sizes = np.unique(np.asarray(groups, dtype=str), return_inverse=True,
                                  return_counts=True)  # fmt: skip
    return np.asarray(sizes[inverse] ** -0.5, dtype=np.float64)
