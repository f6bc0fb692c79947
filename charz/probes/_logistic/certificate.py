"""How far a solution can be from the optimum: a bound, not an estimate.

With its intercepts at their best for given W, f is a convex function of W alone, strongly so
with modulus ``lam``: it lies at most ``||grad_W f||^2 / (2 lam)`` above its minimum. (That is also
the duality gap at the dual point ``P - Y``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.probes._logistic.lbfgs import Minimizer, State
    from charz.records import Floats, Ints

MAX_NEWTON = 30
# The intercepts' own share of the gap, relative: far below what is certified.
SETTLED = 1e-20


def settle(solver: Minimizer, state: State) -> State:
    """Return the state with intercepts at their optimum for its W, by damped Newton steps."""
    for _ in range(MAX_NEWTON):
        g = state.value.R.sum(axis=2)
        H = solver.loss.hessian_of_intercepts(state.value, state.weights)
        step = np.linalg.solve(H, -g[:, :, None])[:, :, 0]
        decrement = -np.einsum("qk,qk->q", g, step)
        open_ = decrement > SETTLED * np.maximum(state.value.loss, 1e-300)
        if not open_.any() or not _move(solver, state, step * open_[:, None]):
            break
    return state


def _move(solver: Minimizer, state: State, step: Floats) -> bool:
    """Take the step, halved until no loss rises; return whether any loss fell."""
    t = np.ones(len(step))
    for _ in range(20):
        b = t[:, None] * step
        value = solver.loss.value(state.M + b[:, :, None], state.weights)
        worse = value.loss > state.value.loss
        if not worse.any():
            break
        t[worse] /= 2
    else:
        return False
    fell = bool((value.loss < state.value.loss).any())
    state.M = state.M + b[:, :, None]
    state.V[:, :, -1] += b
    state.value = value
    return fell


@dataclass
class Proof:
    """Solutions with their margins and certified relative gaps.

    Attributes
    ----------
    V : float64 array (Q, K, p + 1)
    M : float64 array (Q, K, n)
    gaps : float64 array (Q,)
        Bounds on ``(f - f*) / f*``.
    """

    V: Floats
    M: Floats
    gaps: Floats

    def put(self, places: Ints, other: Proof) -> None:
        """Take over the better ones of ``other``, whose problems are at ``places`` here."""
        better = other.gaps < self.gaps[places]
        places = places[better]
        self.V[places], self.M[places] = other.V[better], other.M[better]
        self.gaps[places] = other.gaps[better]


def prove(solver: Minimizer, V: Floats, weights: Floats) -> Proof:
    """Settle the intercepts of ``V`` and bound its relative gaps, in float64 from V alone."""
    state = settle(solver, solver.state(V, solver.margins(V), weights))
    W = solver.gradient(state.V, state.value)[:, :, :-1]
    above = np.einsum("qkp,qkp->q", W, W) / (2 * solver.lam)
    f = solver.objective(state)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(above < f, above / (f - above), np.inf)
    return Proof(state.V, state.M, np.where(above == 0, 0.0, relative))
