"""The nearest-neighbour probe: votes of the k nearest training rows.

Euclidean distance; among equally distant rows the earlier one is nearer. Of k neighbours, v_c
of class c, the probability is ``(v_c + f_c) / (k + 1)`` with f_c the class's frequency in the
training sample: one vote is the majority probe's, so that no present class is impossible. k is
chosen by leave-one-out log-loss, the smaller of equals; a row left out is missing from
neighbours and frequencies alike. Cost O(n^2 d) once for all k.

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
from charz.metrics import log_loss
from charz.probes._draws import Task, answer
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

PARAMETERS: dict[str, Any] = {"k": (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)}
BLOCK = 1024


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
    return answer(partial(_fit, grid=grid), X, draws, X_evals, n_classes)


def _fit(task: Task, grid: list[int]) -> Prediction:
    n = len(task.y)
    grid = [k for k in grid if k < n] or [n - 1]
    nearest = _nearest(task.X, task.X, grid[-1], leave_own=True)
    others = (task.counts - task.one_hot) / (n - 1)
    left_out = [_shares(nearest[:, :k], task, others) for k in grid]
    best = int(np.argmin([log_loss(P, task.y) for P in left_out]))
    k, frequencies = grid[best], task.counts / n
    shares = [_shares(_nearest(E, task.X, k), task, frequencies) for E in task.X_evals]
    return Prediction(shares, left_out[best], chosen=float(k))


def _nearest(A: Floats, X: Floats, k: int, leave_own: bool = False) -> Ints:
    """Return the k nearest rows of ``X`` for each row of ``A``, nearest first, (len(A), k)."""
    center = X.mean(axis=0)
    X = X - center
    norms = np.einsum("nd,nd->n", X, X)
    found = np.empty((len(A), k), dtype=np.int64)
    for start in range(0, len(A), BLOCK):
        block = A[start : start + BLOCK] - center
        # Less the squared norm of the row itself, common to all its distances.
        distances = norms - 2 * (block @ X.T)
        if leave_own:
            rows = np.arange(len(block))
            distances[rows, start + rows] = np.inf
        found[start : start + BLOCK] = _smallest(distances, k)
    return found


def _smallest(distances: Floats, k: int) -> Ints:
    """Return the columns of the k smallest values per row in order, the earlier of equals."""
    if k >= distances.shape[1] - 1:
        return np.argsort(distances, axis=1, kind="stable")[:, :k]
    # The k-th smallest value bounds the choice; equals beyond it are cut by a stable sort.
    bound = np.partition(distances, k - 1, axis=1)[:, k - 1]
    inside = distances <= bound[:, None]
    width = int(inside.sum(axis=1).max())
    columns = np.argsort(~inside, axis=1, kind="stable")[:, :width]
    values = np.take_along_axis(distances, columns, axis=1)
    order = np.argsort(values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(columns, order, axis=1)


def _shares(nearest: Ints, task: Task, prior: Floats) -> Floats:
    """Return ``(votes + prior) / (k + 1)``, (rows, n_classes)."""
    rows, k = nearest.shape
    cells = task.y[nearest] + task.n_classes * np.arange(rows)[:, None]
    votes = np.bincount(cells.ravel(), minlength=rows * task.n_classes)
    P: Floats = (votes.reshape(rows, task.n_classes) + prior) / (k + 1)
    return P
