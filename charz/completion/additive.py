"""Encoder effect plus task effect: one order of encoders for every task.

``f_te = m + a_e + b_t``, by least squares over the measured cells. A new line's own effect is
N(0, variance of the effects), so a few scores say how hard it is. Where no fact counts, this is
what a leaderboard's mean says.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}}))
>>> mean = prior(fit(grid), "tasks", grid.features["tasks"][0]).mean
>>> bool(mean[1] > mean[0])
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion._gaussian import Gaussian

if TYPE_CHECKING:
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

SWEEPS = 500
TOLERANCE = 1e-10


def fit(grid: Grid) -> Arrays:
    """Fit both effects; see the contract in `charz.completion`."""
    known = np.isfinite(grid.Y)
    middle = float(grid.Y[known].mean())
    Y = np.where(known, grid.Y - middle, 0.0)
    rows, columns = _effects(Y, known)
    error = np.where(known, Y - rows[:, None] - columns, 0.0)
    variance = (error**2).sum() / max(known.sum() - sum(known.shape) + 1, 1) + 1e-6
    model = {"format": np.array(1), "middle": np.array(middle), "variance": np.array(variance)}
    return model | {"tasks.effect": rows, "encoders.effect": columns}


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the other axis's effects, plus one unknown effect that all share."""
    own, other = ("tasks", "encoders") if axis == "tasks" else ("encoders", "tasks")
    effects, unknown = model[f"{other}.effect"], model[f"{own}.effect"]
    shared = float(unknown.var()) + 1e-6
    n = len(effects)
    covariance = np.full((n, n), shared) + float(model["variance"]) * np.eye(n)
    return Gaussian(model["middle"] + unknown.mean() + effects, covariance)


def _effects(Y: Floats, known: np.ndarray) -> tuple[Floats, Floats]:
    """Return effects of rows and of columns (with mean 0) by alternating means."""
    rows, columns = np.zeros(len(Y)), np.zeros(Y.shape[1])
    n_row, n_column = np.maximum(known.sum(axis=1), 1), np.maximum(known.sum(axis=0), 1)
    for _ in range(SWEEPS):
        rows = np.where(known, Y - columns, 0.0).sum(axis=1) / n_row
        new = np.where(known, Y - rows[:, None], 0.0).sum(axis=0) / n_column
        moved = float(np.abs(new - columns).max())
        columns = new
        if moved < TOLERANCE:
            break
    return rows + columns.mean(), columns - columns.mean()
