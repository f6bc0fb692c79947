"""Bayesian low rank without facts: five factors, each shrunk as far as the cells ask for.

`charz.completion._factors` with a constant as the only fact. Source: Lim and Teh 2007.

Examples
--------
>>> from charz.completion._grid import of_record
>>> from charz.completion._record import of_scores
>>> grid = of_record(of_scores({"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}}))
>>> prior(fit(grid), "tasks", grid.features["tasks"][0]).mean.shape
(2,)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from charz.completion import _factors

if TYPE_CHECKING:
    import numpy as np

    from charz.completion._gaussian import Gaussian
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

N_FACTORS = 5


def fit(grid: Grid) -> Arrays:
    """Fit the factors; see the contract in `charz.completion`."""
    plain = {axis: X[:, :1] for axis, X in grid.features.items()}
    return _factors.fit(replace(grid, features=plain), N_FACTORS)


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the joint distribution of a new line; of ``x`` only the constant is looked at."""
    return _factors.prior(model, axis, x[:1])
