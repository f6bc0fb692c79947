"""The grid of C, ascending, with the full sample and all folds solved together.

Each C starts from the last two solutions, extrapolated in log C where that is the better
start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic import certificate
from charz.probes._logistic.lbfgs import Minimizer
from charz.probes._logistic.losses import Sigmoid, Softmax

if TYPE_CHECKING:
    from charz.probes._logistic.losses import Loss
    from charz.records import Floats, Ints

TOLERANCE = 1e-6
ROUNDS = 4


@dataclass(frozen=True)
class Stage:
    """All problems solved at one C.

    Attributes
    ----------
    C : float
    V : float64 array (Q, K, p + 1)
        Weights and, last, intercepts; problem 0 is the full sample, 1 + j leaves out fold j.
    M : float64 array (Q, K, n)
        Margins of all rows, held-out ones included.
    gaps : float64 array (Q,)
        Certified relative gaps.
    """

    C: float
    V: Floats
    M: Floats
    gaps: Floats


def loss_for(y: Ints, n_classes: int) -> Loss:
    """Return the form scikit-learn uses: one sigmoid for two classes, else a softmax."""
    return Sigmoid(y) if n_classes == 2 else Softmax(y, n_classes)


def row_weights(fold: Ints | None, n: int) -> Floats:
    """Return 0/1 weights (1 + n_folds, n): all rows, then all but each fold."""
    if fold is None:
        return np.ones((1, n))
    others = fold != np.arange(fold.max() + 1)[:, None]
    return np.vstack([np.ones((1, n)), others])


def solve(
    Z: Floats, loss: Loss, weights: Floats, Cs: Sequence[float], tol: float = TOLERANCE
) -> Iterator[Stage]:
    """Yield the `Stage` of every C, which must ascend.

    Parameters
    ----------
    Z : float64 array (n, p)
        Centred rows.
    loss : Softmax or Sigmoid
        Of the n labels.
    weights : float64 array (Q, n)
    Cs : ascending floats
    tol : float
        Wanted bound on the relative gap; `Stage.gaps` says what was reached.
    """
    Z1 = np.hstack([Z, np.ones((len(Z), 1))])
    V = np.zeros((len(weights), loss.n_margins, Z1.shape[1]))
    V[:, :, -1] = loss.intercepts(weights)
    before: Stage | None = None
    last: Stage | None = None
    for C in Cs:
        solver = Minimizer(Z1, loss, 1 / C)
        V = _start(solver, weights, V, before, last)
        before, last = last, _solve_one(solver, V, weights, C, tol)
        V = last.V.copy()
        yield last


def _start(
    solver: Minimizer, weights: Floats, V: Floats, before: Stage | None, last: Stage | None
) -> Floats:
    if before is None or last is None:
        return V
    stretch = np.log(solver.lam * last.C) / np.log(before.C / last.C)
    further = last.V + stretch * (last.V - before.V)
    here = solver.state(V, last.M, weights)
    there = solver.state(further, last.M + stretch * (last.M - before.M), weights)
    better = solver.objective(there) < solver.objective(here)
    return np.where(better[:, None, None], further, V)


def _solve_one(solver: Minimizer, V: Floats, weights: Floats, C: float, tol: float) -> Stage:
    aim = tol / 2
    for _ in range(ROUNDS):
        state = solver.run(solver.state(V, solver.margins(V), weights), aim)
        gaps = certificate.gaps(solver, state)
        if (gaps <= tol).all():
            break
        V, aim = state.V, aim / 10
    return Stage(C, state.V, state.M, gaps)
