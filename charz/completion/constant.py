"""What an encoder, or a task, reached on average: the baseline that learns nothing from a score.

``f_j = mean_j``, independent over j, with the variance of what was measured around the means.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.5}, "b": {"s": 0.9, "t": 0.9}}))
>>> prior(fit(grid), "tasks", grid.features["tasks"][0]).mean.round(3)
array([0.214, 1.068])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion._gaussian import Gaussian

if TYPE_CHECKING:
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

SHRINK = 1.0
"""Cells of the overall mean that stand behind every mean."""


def fit(grid: Grid) -> Arrays:
    """Take means of both axes; see the contract in `charz.completion`."""
    known = np.isfinite(grid.Y)
    Y = np.where(known, grid.Y, 0.0)
    middle = Y.sum() / known.sum()
    model = {"format": np.array(1)}
    for axis, side in (("tasks", 0), ("encoders", 1)):
        n = known.sum(axis=side)
        means = (Y.sum(axis=side) + SHRINK * middle) / (n + SHRINK)
        off = np.where(known, grid.Y - np.expand_dims(means, side), 0.0)
        model[f"{axis}.mean"] = means
        model[f"{axis}.variance"] = np.array((off**2).sum() / known.sum() + 1e-6)
    return model


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the means with one variance; ``x`` is not looked at."""
    mean = model[f"{axis}.mean"]
    return Gaussian(mean, float(model[f"{axis}.variance"]) * np.eye(len(mean)))
