"""Bayesian factor analysis with facts on both axes.

Sixteen factors, whose prior means are linear in the facts of tasks and of encoders:
`charz.completion._factors`.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}}))
>>> prior(fit(grid), "encoders", grid.features["encoders"][0]).mean.shape
(2,)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from charz.completion import _factors

if TYPE_CHECKING:
    import numpy as np

    from charz.completion._gaussian import Gaussian
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

N_FACTORS = 16


def fit(grid: Grid) -> Arrays:
    """Fit the factors; see the contract in `charz.completion`."""
    return _factors.fit(grid, N_FACTORS)


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the joint distribution of a new line."""
    return _factors.prior(model, axis, x)
