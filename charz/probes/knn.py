"""The nearest-neighbour probe: votes of the k nearest training rows.

Euclidean distance; among equally distant rows the earlier one is nearer. Of k neighbours, v_c
of class c, the probability is ``(v_c + f_c) / (k + 1)`` with f_c the class's frequency in the
training sample: one vote is the majority probe's, so that no present class is impossible. k is
chosen by leave-one-out log-loss, the smaller of equals; a row left out is missing from
neighbours and frequencies alike. Cost O(n^2 d) once for all k, and O(n_eval n d).

Parameters
----------
k : sequence of ints, default (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
    Values above n - 1 are left out; where all are, n - 1 is taken.

References
----------
.. [1] T. M. Cover, P. E. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
   Information Theory 13 (1967).

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[1.5]])], n_classes=2, k=[1])
>>> answer.probabilities[0]
array([[0.75, 0.25]])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.metrics import EPSILON
from charz.probes._draws import Task, answer
from charz.probes._neighbours import Chains
from charz.probes._space import Space
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

PARAMETERS: dict[str, Any] = {"k": (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)}


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    k: Sequence[int] = PARAMETERS["k"],
) -> Iterator[Prediction]:
    """Yield the vote shares of each draw at its chosen k: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or a k is below 1.
    """
    grid = sorted({int(value) for value in np.atleast_1d(k)})
    if not grid or grid[0] < 1:
        raise InputError(f"k = {k} is no grid", "give positive integers")
    fit = partial(_fit, space=Space(X), chains=Chains(), grid=grid)
    return answer(fit, X, draws, X_evals, n_classes)


def _fit(task: Task, space: Space, chains: Chains, grid: list[int]) -> Prediction:
    n = len(task.y)
    chain = chains.reach(task.X - space.origin, space.evals(task), grid[-1])
    grid = [k for k in grid if k < n] or [n - 1]
    others = chain.own.places
    prior = (task.counts - task.one_hot) / (n - 1)
    k = _best(others[:, : grid[-1]], task.y, prior, grid)
    found = [chain.of_eval(index, k) for index in range(len(task.X_evals))]
    shares = [_shares(places, task, task.counts / n) for places in found]
    return Prediction(shares, _shares(others[:, :k], task, prior), chosen=float(k))


def _best(others: Ints, y: Ints, prior: Floats, grid: list[int]) -> int:
    """Return the k whose left-out probabilities of the true classes have the least log-loss."""
    ks = np.array(grid)
    votes = np.cumsum((y[others] == y[:, None]).T, axis=0)[ks - 1]
    own = (votes + prior[np.arange(len(y)), y]) / (ks[:, None] + 1)
    losses = -np.log(np.maximum(own, EPSILON)).mean(axis=1)
    return grid[int(np.argmin(losses))]


def _shares(nearest: Ints, task: Task, prior: Floats) -> Floats:
    """Return ``(votes + prior) / (k + 1)``, (rows, n_classes)."""
    rows, k = nearest.shape
    cells = task.y[nearest] + task.n_classes * np.arange(rows)[:, None]
    votes = np.bincount(cells.ravel(), minlength=rows * task.n_classes)
    P: Floats = (votes.reshape(rows, task.n_classes) + prior) / (k + 1)
    return P
