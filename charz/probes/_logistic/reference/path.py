"""The grid of C, ascending, with the full sample and all folds solved together.

Each C starts from the last two solutions, extrapolated in log C where that is the better
start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic.problem import (
    AIM,
    ROUNDS,
    SINGLE_UP_TO,
    Stage,
    ladder,
    tolerances,
)
from charz.probes._logistic.reference import certificate
from charz.probes._logistic.reference.lbfgs import MEMORY, Minimizer, Rows
from charz.probes._logistic.reference.losses import Sigmoid, Softmax

if TYPE_CHECKING:
    from charz.probes._logistic.problem import Problem
    from charz.probes._logistic.reference.losses import Loss
    from charz.records import Floats, Ints


def loss_for(y: Ints, n_classes: int) -> Loss:
    """Return the form scikit-learn uses: one sigmoid for two classes, else a softmax."""
    return Sigmoid(y) if n_classes == 2 else Softmax(y, n_classes)


def solve(
    problem: Problem, Cs: Sequence[float], tol: float, exact: float | None, budget: int
) -> Iterator[Stage]:
    """Yield the `Stage` of every C: see `charz.probes._logistic.solve`.

    The problems of a block that fits the budget are solved together.
    """
    n_rows, K = len(problem.Z), problem.n_margins
    most = max(1, budget // (8 * K * (8 * n_rows + 3 * MEMORY * problem.Z.shape[1])))
    places = np.arange(len(problem.weights))
    blocks = [places[start : start + most] for start in range(0, len(places), most)]
    paths = [_solve(problem, block, Cs, tol, exact) for block in blocks]
    rows = np.arange(n_rows)
    for parts in zip(*paths, strict=True):
        held_out = None
        if problem.fold is not None:
            M = np.concatenate([part.M for part in parts])
            held_out = M[1 + problem.fold, :, rows].T
        first = parts[0]
        yield Stage(first.C, first.V[0], float(first.gaps[0]), held_out)


@dataclass(frozen=True)
class _Solved:
    """The problems of a block at one C: weights (Q, K, p + 1), margins (Q, K, n), gaps (Q,)."""

    C: float
    V: Floats
    M: Floats
    gaps: Floats


def _solve(
    problem: Problem, block: Ints, Cs: Sequence[float], tol: float, exact: float | None
) -> Iterator[_Solved]:
    single, double = Rows(problem.Z, np.float32), Rows(problem.Z, np.float64)
    loss, weights = loss_for(problem.y, problem.n_classes), problem.weights[block]
    V = np.zeros((len(block), problem.n_margins, problem.Z.shape[1] + 1))
    V[:, :, -1] = problem.intercepts[block]
    before: _Solved | None = None
    last: _Solved | None = None
    for C, wanted in ladder(Cs):
        rough, better = Minimizer(single, loss, 1 / C), Minimizer(double, loss, 1 / C)
        V = _start(better, weights, V, before, last)
        goal = tolerances(len(problem.weights), tol, [wanted])[0, block]
        if C <= SINGLE_UP_TO:
            V = _run(rough, V.astype(np.float32), weights.astype(np.float32), AIM * goal)
        if exact is not None and wanted:
            goal[block == 0] = exact
        before, last = last, _finish(better, V.astype(np.float64), weights, C, goal)
        V = last.V
        if wanted:
            yield last


def _start(
    solver: Minimizer, weights: Floats, V: Floats, before: _Solved | None, last: _Solved | None
) -> Floats:
    if before is None or last is None:
        return V
    stretch = np.log(solver.lam * last.C) / np.log(before.C / last.C)
    further = V + stretch * (V - before.V)
    M = last.M + stretch * (last.M - before.M)
    here = solver.objective(V, solver.loss.value(last.M, weights))
    there = solver.objective(further, solver.loss.value(M, weights))
    return np.where((there < here)[:, None, None], further, V)


def _finish(solver: Minimizer, V: Floats, weights: Floats, C: float, tol: Floats) -> _Solved:
    """Certify ``V`` in float64 and go on there with what falls short of ``tol``."""
    proof = certificate.prove(solver, V, weights)
    for power in range(ROUNDS):
        short = np.flatnonzero(proof.gaps > tol)
        if not short.size:
            break
        again = _run(solver, proof.V[short], weights[short], AIM * tol[short] / 10**power)
        proof.put(short, certificate.prove(solver, again, weights[short]))
    return _Solved(C, proof.V, proof.M, proof.gaps)


def _run(solver: Minimizer, V: Floats, weights: Floats, tol: Floats) -> Floats:
    return solver.run(solver.state(V, solver.margins(V), weights), tol).V
