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
    from charz.probes._logistic.reference.lbfgs import Minimizer
    from charz.probes._logistic.reference.losses import Loss, Value
    from charz.records import Floats, Ints

MAX_NEWTON = 30
# The intercepts' own share of the gap, relative: far below what is certified.
SETTLED = 1e-20
TINY = 1e-300
MAX_HALVINGS = 60


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
    M = solver.margins(V)
    b = settle(solver.loss, M, weights)
    V, M = V.copy(), M + b[:, :, None]
    V[:, :, -1] += b
    value = solver.loss.value(M, weights)
    W = solver.gradient(V, value)[:, :, :-1]
    above = np.einsum("qkp,qkp->q", W, W) / (2 * solver.lam)
    f = solver.objective(V, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(above < f, above / (f - above), np.inf)
    return Proof(V, M, np.where(above == 0, 0.0, relative))


def settle(loss: Loss, M: Floats, weights: Floats) -> Floats:
    """Return what to add to the intercepts (Q, K) for the least loss, by damped Newton steps."""
    b: Floats = np.zeros(M.shape[:2])
    value = loss.value(M, weights)
    for _ in range(MAX_NEWTON):
        g = value.R.sum(axis=2)
        H = loss.hessian_of_intercepts(value, weights)
        step = np.linalg.solve(H, -g[:, :, None])[:, :, 0]
        decrement = -np.einsum("qk,qk->q", g, step)
        open_ = decrement > SETTLED * np.maximum(value.loss, TINY)
        if not open_.any():
            break
        moved = _damped(loss, M, weights, b, step * open_[:, None], value.loss)
        if moved is None:
            break
        b, value = moved
    return b


def _damped(
    loss: Loss, M: Floats, weights: Floats, b: Floats, step: Floats, before: Floats
) -> tuple[Floats, Value] | None:
    """Take the step, halved where the loss would rise; None when no loss falls."""
    t = np.ones(len(step))
    for _ in range(MAX_HALVINGS):
        there = b + t[:, None] * step
        value = loss.value(M + there[:, :, None], weights)
        worse = value.loss > before
        if not worse.any():
            return (there, value) if (value.loss < before).any() else None
        t[worse] /= 2
    return None
