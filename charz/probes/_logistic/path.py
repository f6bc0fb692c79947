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
from charz.probes._logistic.lbfgs import Minimizer, Rows
from charz.probes._logistic.losses import Sigmoid, Softmax

if TYPE_CHECKING:
    from charz.probes._logistic.losses import Loss
    from charz.records import Floats, Ints

TOLERANCE = 1e-6
ROUNDS = 4
# The solver's own estimate stops a little below what is to be certified.
AIM = 0.4
# Folds only choose C and score held-out rows: a gap of 1e-5 moves neither to speak of.
SLACK = 10.0
# Beyond this C on unit rows the objective drowns in float32 rounding.
SINGLE_UP_TO = 1e5
# Up to this C a fit may start from nothing; higher ones are climbed to by this factor, each
# rung only to this gap.
FREE_START = 1.0
STRIDE = 10.0
RUNG = 1e-3


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
        Wanted bound on the relative gap of problem 0, the others' is `SLACK` times that;
        `Stage.gaps` says what was reached.
    """
    single, double = Rows(Z, np.float32), Rows(Z, np.float64)
    V = np.zeros((len(weights), loss.n_margins, Z.shape[1] + 1))
    V[:, :, -1] = loss.intercepts(weights)
    before: Stage | None = None
    last: Stage | None = None
    tols = np.array([tol] + [SLACK * tol] * (len(weights) - 1))
    for C, wanted in _ladder(Cs):
        rough, exact = Minimizer(single, loss, 1 / C), Minimizer(double, loss, 1 / C)
        V = _start(exact, weights, V, before, last)
        goal = tols if wanted else np.maximum(tols, RUNG)
        if C <= SINGLE_UP_TO:
            V = _run(rough, V.astype(np.float32), weights.astype(np.float32), AIM * goal)
        before, last = last, _finish(exact, V.astype(np.float64), weights, C, goal)
        V = last.V
        if wanted:
            yield last


def _ladder(Cs: Sequence[float]) -> Iterator[tuple[float, bool]]:
    """Yield every C with True, and rungs between distant ones, or before a high first, with False.

    From far away the weakest penalties take hundreds of steps or are never reached; from a
    decade away a few dozen.
    """
    last = FREE_START
    for C in Cs:
        while 1.01 * STRIDE * last < C:
            last *= STRIDE
            yield last, False
        yield C, True
        last = max(C, last)


def _start(
    solver: Minimizer, weights: Floats, V: Floats, before: Stage | None, last: Stage | None
) -> Floats:
    if before is None or last is None:
        return V
    stretch = np.log(solver.lam * last.C) / np.log(before.C / last.C)
    further = V + stretch * (V - before.V)
    M = last.M + stretch * (last.M - before.M)
    here = solver.objective(V, solver.loss.value(last.M, weights))
    there = solver.objective(further, solver.loss.value(M, weights))
    return np.where((there < here)[:, None, None], further, V)


def _finish(solver: Minimizer, V: Floats, weights: Floats, C: float, tol: Floats) -> Stage:
    """Certify ``V`` in float64 and go on there with what falls short of ``tol``."""
    proof = certificate.prove(solver, V, weights)
    for power in range(ROUNDS):
        short = np.flatnonzero(proof.gaps > tol)
        if not short.size:
            break
        again = _run(solver, proof.V[short], weights[short], AIM * tol[short] / 10**power)
        proof.put(short, certificate.prove(solver, again, weights[short]))
    return Stage(C, proof.V, proof.M, proof.gaps)


def _run(solver: Minimizer, V: Floats, weights: Floats, tol: Floats) -> Floats:
    return solver.run(solver.state(V, solver.margins(V), weights), tol).V
