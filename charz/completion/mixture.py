"""Every known line as a component: a new task is like some known tasks, in all that they are.

To `charz.completion.kernel`, whose mean and covariance S are the start, this adds what the record
itself shows of a line beyond its facts. Of every known line t, given its cells, the deviation d_t
from its mean and the covariance V_t that is left are taken in closed form. A new line is a
mixture (`charz.completion._mixture`) with a component for each of them, all of covariance

    (n S + sum_t g_t (V_t + h^2 d_t d_t')) / (n + sum_t g_t)

around its own mean plus sqrt(1 - h^2) d_t, so that the whole varies as the known lines do. A
component weighs what a task's group leaves it, g_t, or 1 for an encoder, times
exp(-|x - x_t|^2 / (2 b^2)) for facts x. Source: Silverman 1986, section 6.4, for the shrunk
kernel density; Gelman et al. 2013, section 3.6, for the covariance's prior of n rows.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}}))
>>> prior(fit(grid), "tasks", grid.features["tasks"][0]).offsets.shape
(2, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _factors, kernel
from charz.completion._factors import OTHER
from charz.completion._mixture import mixture

if TYPE_CHECKING:
    from charz.completion._gaussian import Gaussian
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

PRIOR_ROWS = 10.0
BANDWIDTH = 0.4
"""h: the share of a component's own spread, in standard deviations, that is left around it."""
REACH = 2.5
"""b: how far apart in facts two tasks still inform each other."""
LEAST = 1e-9


def fit(grid: Grid) -> Arrays:
    """Fit factors, and what every known line shows beyond; see `charz.completion`."""
    model = kernel.fit(grid)
    shown = _shown(model, "tasks", grid.Y, grid.noise, grid.features["tasks"], grid.weights)
    ones = np.ones(grid.Y.shape[1])
    shown |= _shown(model, "encoders", grid.Y.T, grid.noise.T, grid.features["encoders"], ones)
    return {name: each for name, each in model.items() if "spread" not in name} | shown


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the joint distribution of a new line, a mixture."""
    mean, _ = _factors.leading(model, axis, x)
    apart = ((model[f"{axis}.features"] - x) ** 2).sum(axis=1)
    near = np.exp(-(apart - apart.min()) / (2 * REACH**2)) + LEAST
    offsets = np.sqrt(1 - BANDWIDTH**2) * model[f"{axis}.lines"].astype(np.float64)
    within = _unpacked(model[f"{axis}.within"], len(mean))
    return mixture(mean, within, offsets, model[f"{axis}.weights"] * near)


def _shown(
    model: Arrays, axis: str, Y: Floats, noise: Floats, X: Floats, weights: Floats
) -> Arrays:
    """Return what known lines (lines, n) show beyond their facts X (lines, features)."""
    x = np.zeros(X.shape[1])
    x[0] = 1.0
    S = kernel.prior(model, axis, x).covariance
    means = model["middle"] + (X @ model[f"{axis}.slopes"]) @ model[f"{OTHER[axis]}.mean"].T
    total, lines = PRIOR_ROWS * S, np.empty_like(Y)
    for t, weight in enumerate(weights):
        known = np.flatnonzero(np.isfinite(Y[t]))
        L = np.linalg.cholesky(S[np.ix_(known, known)] + np.diag(noise[t, known]))
        B = np.linalg.solve(L, S[known])
        lines[t] = B.T @ np.linalg.solve(L, Y[t, known] - means[t, known])
        total += weight * (S - B.T @ B + BANDWIDTH**2 * np.outer(lines[t], lines[t]))
    within = total / (PRIOR_ROWS + weights.sum())
    return {
        f"{axis}.within": within[np.triu_indices(len(S))],
        f"{axis}.lines": lines,
        f"{axis}.features": X,
        f"{axis}.weights": weights,
    }


def _unpacked(upper: Floats, n: int) -> Floats:
    """Return the symmetric matrix (n, n) of its upper triangle, row by row."""
    whole = np.zeros((n, n))
    whole[np.triu_indices(n)] = upper
    return np.asarray(whole + np.triu(whole, 1).T)
