"""A problem through the compiled solver: packing, the path in float32, proofs in float64."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.probes._logistic.compiled.certificate import prove
from charz.probes._logistic.compiled.descent import minimise
from charz.probes._logistic.compiled.path import follow
from charz.probes._logistic.compiled.state import MEMORY, RANK, Fits, Rows, scratch
from charz.probes._logistic.compiled.tiles import lay_out, width
from charz.probes._logistic.problem import AIM, ROUNDS, SINGLE_UP_TO, Stage, ladder, tolerances

if TYPE_CHECKING:
    from charz.probes._logistic.problem import Problem
    from charz.records import Floats, Ints

SETTLED = 1e-4
"""Share of the relative gap that intercepts may leave open: less is not worth a pass."""
# In float32 the gradient has a floor of noise; in float64 give up late.
PATIENCE = {np.dtype(np.float32): 12, np.dtype(np.float64): 100}


def solve(
    problem: Problem, Cs: Sequence[float], tol: float, exact: float | None, budget: int
) -> Iterator[Stage]:
    """Yield the `Stage` of every C: see `charz.probes._logistic.solve`."""
    return Solver(problem, budget).run(Cs, tol, exact)


class Solver:
    """One problem on its way; ``work`` counts as `descent.Fits` does, over all its paths."""

    def __init__(self, problem: Problem, budget: int) -> None:
        self.problem, self.budget = problem, budget
        n, p = problem.Z.shape
        self.width = _padded(p + 1, np.float32)
        self.n_padded = _padded(n, np.float32)
        self.work = np.zeros(2, np.int64)

    @cached_property
    def double(self) -> Rows:
        """The rows in float64, for proofs and for what float32 does not reach."""
        return pack(self.problem, np.float64)

    def run(self, grid: Sequence[float], tol: float, exact: float | None) -> Iterator[Stage]:
        """Yield the stages."""
        steps = list(ladder(grid))
        tols = tolerances(len(self.problem.weights), tol, [wanted for _, wanted in steps])
        Cs = [C for C, _ in steps]
        leaders, held_out = self.follow(np.array(Cs), AIM * tols)
        if not (np.isfinite(leaders).all() and np.isfinite(held_out).all()):
            leaders, held_out = self.follow(np.array(Cs), AIM * tols, np.float64)
        wanted = [place for place, (_, is_wanted) in enumerate(steps) if is_wanted]
        for block in self._stages(wanted):
            some = np.array([Cs[place] for place in block])
            V = leaders[block][:, :, : self.problem.Z.shape[1] + 1].astype(np.float64, order="C")
            gaps = self._finish(some, V, min(tol, exact or np.inf))
            for C, weights, gap, place in zip(some.tolist(), V, gaps.tolist(), block, strict=True):
                out = held_out[place] if self.problem.fold is not None else None
                yield Stage(C, weights, gap, out)

    def _stages(self, places: list[int]) -> list[list[int]]:
        """Cut stages into blocks whose proofs fit the budget."""
        per_stage = 8 * self.problem.n_margins * 5 * len(self.problem.y)
        most = max(1, self.budget // per_stage)
        return [places[start : start + most] for start in range(0, len(places), most)]

    def follow(self, Cs: Floats, tols: Floats, floats: Any = None) -> tuple[Floats, Floats]:
        """Return approximate weights of problem 0 (S, K, width), and margins held out (S, K, n).

        Blocks of problems go one after the other, by default in the precision that C allows.
        """
        floats = floats or (np.float32 if Cs[-1] <= SINGLE_UP_TO else np.float64)
        rows, fold = pack(self.problem, floats), self._left_out_by()
        K, leaders = self.problem.n_margins, None
        held_out = np.zeros((len(Cs), K, len(fold)), floats)
        for block in self._blocks(np.dtype(floats).itemsize):
            found = np.empty((len(Cs), len(block), K, self.width), floats)
            fits = self._start(block, floats)
            follow(
                rows, fits, Cs, tols[:, block], PATIENCE[np.dtype(floats)], found,
                fold - block[0], held_out,
            )  # fmt: skip
            leaders = found[:, 0] if leaders is None else leaders
            self.work += fits.work
        assert leaders is not None  # noqa: S101  (there is a problem 0)
        return leaders, held_out

    def _left_out_by(self) -> Ints:
        """Return the problem that leaves each row out, -1 for none."""
        fold = self.problem.fold
        return np.full(len(self.problem.y), -1) if fold is None else fold + 1

    def _blocks(self, itemsize: int) -> list[Ints]:
        """Cut the problems into blocks that fit the budget, at least one to a block."""
        per_row = 10 * self.n_padded + (2 * MEMORY + RANK + 12) * self.width
        most = max(1, self.budget // (itemsize * self.problem.n_margins * per_row))
        places = np.arange(len(self.problem.weights))
        return [places[start : start + most] for start in range(0, len(places), most)]

    def _start(self, which: Ints, floats: Any) -> Fits:
        """Return problems at their best intercepts without features."""
        b = self.problem.intercepts[which].astype(floats)
        V = np.zeros((*b.shape, self.width), floats)
        V[:, :, self.problem.Z.shape[1]] = b
        M = np.zeros((*b.shape, self.n_padded), floats)
        M += b[:, :, None]
        return self._fits(which, V, M, np.zeros(len(which)))

    def _fits(self, which: Ints, V: Floats, M: Floats, tols: Floats, lam: float = 1.0) -> Fits:
        return Fits(
            V=V,
            M=M,
            weights=self.problem.weights[which].astype(V.dtype),
            dead=self.problem.dead[which],
            lams=np.full(len(which), lam),
            tols=tols,
            is_strict=which == 0,
            work=np.zeros(2, np.int64),
        )

    def _finish(self, Cs: Floats, V: Floats, tol: float) -> Floats:
        """Certify fits ``V`` (S, K, p + 1) to all rows; go on in float64 with what falls short.

        Returns the gaps (S,).
        """
        M, gaps = self.prove(Cs, V, SETTLED * tol)
        for place in np.flatnonzero(gaps > tol).tolist():
            for power in range(ROUNDS):
                nearer = self._polish(Cs[place], V[place], M[place], AIM * tol / 10**power)
                margins, gap = self.prove(Cs[place, None], nearer[None], SETTLED * tol)
                if gap[0] < gaps[place]:
                    V[place], M[place], gaps[place] = nearer, margins[0], gap[0]
                if gap[0] <= tol:
                    break
        return gaps

    def _polish(self, C: float, V: Floats, M: Floats, tol: float) -> Floats:
        """Return the weights that a descent in float64 finds from ``V`` (K, p + 1)."""
        which = np.zeros(1, np.int64)
        wide = np.zeros((1, len(V), self.width))
        wide[0, :, : V.shape[1]] = V
        margins = np.zeros((1, len(V), self.n_padded))
        margins[0, :, : M.shape[1]] = M
        fits = self._fits(which, wide, margins, np.array([tol]), 1 / C)
        minimise(self.double, fits, which, PATIENCE[V.dtype], scratch(wide, margins))
        return wide[0, :, : V.shape[1]].copy()

    def prove(self, Cs: Floats, V: Floats, settled: float) -> tuple[Floats, Floats]:
        """Settle the intercepts of ``V`` (S, K, p + 1) in place; return margins and gaps."""
        gaps = np.empty(len(V))
        Z, owner, dead = self.problem.Z, owner_of(self.problem), self.problem.dead[0]
        M = prove(np.ascontiguousarray(Z), owner, dead, 1 / Cs, settled, V, gaps)
        return M, gaps


def owner_of(problem: Problem) -> Ints:
    """Return the margin that each row's label adds to: see `losses`."""
    return problem.y if problem.n_margins > 1 else problem.y - 1


def pack(problem: Problem, floats: Any) -> Rows:
    """Lay rows out in panels for both directions of product."""
    n, p = problem.Z.shape
    side = width(floats)
    across, along = -(-n // side), -(-p // side)
    Z = np.empty((n, p), floats)
    forth, back = np.zeros((across, p, side), floats), np.zeros((along, n, side), floats)
    lay_out(np.ascontiguousarray(problem.Z), Z, forth, back)
    starts, ends = np.arange(along) * side, (np.arange(across) + 1) * side
    is_cut = problem.is_triangular
    return Rows(
        Z=Z,
        forth=forth,
        forth_begins=np.zeros(across, np.int64),
        forth_ends=np.minimum(ends, p) if is_cut else np.full(across, p),
        back=back,
        back_begins=starts if is_cut else np.zeros(along, np.int64),
        back_ends=np.full(along, n),
        moments=np.einsum("np,np->p", problem.Z, problem.Z),
        owner=owner_of(problem),
    )


def _padded(n: int, floats: Any) -> int:
    side = width(floats)
    return -(-n // side) * side
