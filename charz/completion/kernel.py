"""Factors with facts, and a smooth remainder: encoders alike in their factors miss alike.

To the covariance L L' of `charz.completion._factors`, L the loadings, what each cell has for
itself (variance v) is given back in part as a Gaussian process over the loadings:

    S = L L' + sqrt(v v') o (a K + (1 - a) I),   K_ij = exp(-|l_i - l_j|^2 / (2 h^2 median))

A factor model is linear in what it knows of an encoder; K adds what is not. Source of the
kernel: Rasmussen and Williams 2006, equation 4.9; its width relative to the median distance.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}}))
>>> prior(fit(grid), "tasks", grid.features["tasks"][0]).covariance.shape
(2, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _factors
from charz.completion._gaussian import Gaussian

if TYPE_CHECKING:
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

N_FACTORS = 16
SHARE = 0.5
WIDTH = 0.5


def fit(grid: Grid) -> Arrays:
    """Fit the factors; see the contract in `charz.completion`."""
    return _factors.fit(grid, N_FACTORS)


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the joint distribution of a new line."""
    mean, loadings = _factors.leading(model, axis, x)
    sd = np.sqrt(_factors.own_variance(model, axis, x))
    alike = SHARE * _similarity(loadings) + (1 - SHARE) * np.eye(len(mean))
    return Gaussian(mean, loadings @ loadings.T + np.outer(sd, sd) * alike)


def _similarity(L: Floats) -> Floats:
    """Return the kernel (n, n) of loadings (n, k)."""
    lengths = (L**2).sum(axis=1)
    distance = np.maximum(lengths[:, None] + lengths - 2 * L @ L.T, 0)
    apart = distance[np.triu_indices(len(L), 1)]
    median = float(np.median(apart)) if len(apart) else 0.0
    kernel = np.exp(-distance / (2 * WIDTH**2 * median)) if median > 0 else np.eye(len(L))
    np.fill_diagonal(kernel, 1.0)
    return np.asarray(kernel)
