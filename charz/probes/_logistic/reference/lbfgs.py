"""Batched L-BFGS in margin space: one GEMM forward and one backward per step.

Q problems with the same rows but other row weights are minimised together,

    f_q(V) = sum_i w_qi loss(y_i, V z_i) + lam / 2 ||W||^2,   V = [W, b],  z_i = [x_i, 1].

Margins ``M = V Z'`` are carried along, so a line search costs elementwise work alone. The
starting metric of the two-loop recursion [1]_ is the diagonal ``lam + c_k sum_i z_ij^2`` with
c_k the mean curvature of class k, followed by the projection on directions of zero sum over
classes, in which the gradient lies; it is scaled by ``s'y / y'H^-1 y`` of the last step (equation
7.20), so that the first trial is nearly always accepted. A step is accepted when its slope has
halved, which for convex f ensures decrease and curvature.

References
----------
.. [1] J. Nocedal, S. J. Wright, Numerical Optimization, 2nd edition, algorithm 7.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.probes._logistic.problem import NEVER
from charz.probes._logistic.reference.losses import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from charz.probes._logistic.reference.losses import Loss
    from charz.records import Floats, Ints

MEMORY = 8
# In float32 the gradient has a floor of noise; in float64 give up late.
PATIENCE = {"float32": 12, "float64": 100}
MAX_STEPS = 1500
MAX_TRIALS = 25
# A step is good once the slope along it is at most this share of what it was.
ACCEPT = 0.5
TINY = 1e-30
# Least mean curvature of a class assumed by the metric.
FLAT = 1e-12


@dataclass(frozen=True)
class Pair:
    """One step ``S`` and change of gradient ``Y``, (Q, K, p + 1), and ``rho = 1 / S'Y``, (Q,)."""

    S: Floats
    Y: Floats
    rho: Floats

    @classmethod
    def of(cls, S: Floats, Y: Floats) -> Pair:
        """Return the pair; where S'Y is lost in rounding, rho is 0 and the pair has no effect."""
        product = np.einsum("qkp,qkp->q", S, Y)
        sound = product > TINY
        return cls(S, Y, sound / np.where(sound, product, 1))

    def scale(self, metric: Floats) -> Floats:
        """Return ``s'y / y'H^-1 y`` for the diagonal ``H^-1``, (Q, 1, 1); 1 without effect."""
        curved = np.einsum("qkp,qkp,qkp->q", self.Y, self.Y, metric)
        sound = (self.rho > 0) & (curved > 0)
        factor: Floats = np.ones_like(curved)
        factor[sound] = 1 / (self.rho[sound] * curved[sound])
        return factor[:, None, None]

    def take(self, kept: Ints) -> Pair:
        """Return the problems ``kept`` alone."""
        return Pair(self.S[kept], self.Y[kept], self.rho[kept])


@dataclass
class State:
    """Q problems under way; every array has the problems on its first axis.

    Attributes
    ----------
    V : (Q, K, p + 1)
    M : (Q, K, n)
    weights : (Q, n)
    value : Value
    G : (Q, K, p + 1)
        Gradient of the objective.
    metric : (Q, K, p + 1)
        Inverse of the diagonal starting Hessian, zero on dead classes.
    scale : (Q, 1, 1)
        Its factor.
    """

    V: Floats
    M: Floats
    weights: Floats
    value: Value
    G: Floats
    metric: Floats
    scale: Floats
    pairs: list[Pair] = field(default_factory=list)

    def take(self, kept: Ints) -> State:
        """Return the problems ``kept`` alone."""
        value = Value(self.value.loss[kept], self.value.P[kept], self.value.R[kept])
        pairs = [pair.take(kept) for pair in self.pairs]
        return State(
            self.V[kept], self.M[kept], self.weights[kept], value, self.G[kept],
            self.metric[kept], self.scale[kept], pairs,
        )  # fmt: skip


class Rows:
    """Rows with a last column of ones, laid out for both directions of product.

    Parameters
    ----------
    Z : float array (n, p)
    dtype : float32 or float64
        The working precision.
    """

    def __init__(self, Z: Floats, dtype: type[np.floating[Any]]) -> None:
        self.back = np.hstack([Z, np.ones((len(Z), 1))]).astype(dtype)
        # BLAS is up to three times slower on a transposed view when K is small.
        self.forth = np.ascontiguousarray(self.back.T)
        self.moments = np.einsum("np,np->p", self.back, self.back)


class Minimizer:
    """Minimise all problems of one sample at one regularisation ``lam``.

    Parameters
    ----------
    rows : Rows
    loss : Softmax or Sigmoid
    lam : float
        1 / C.
    """

    def __init__(self, rows: Rows, loss: Loss, lam: float) -> None:
        self.rows, self.loss, self.lam = rows, loss, lam
        self.ridge = np.full_like(rows.moments, lam)
        self.ridge[-1] = 0

    def state(self, V: Floats, M: Floats, weights: Floats) -> State:
        """Return the problems at ``V`` with margins ``M``, no memory yet."""
        value = self.loss.value(M, weights)
        curvature = np.maximum(self.loss.curvature(value, weights), FLAT)
        alive = (V[:, :, -1] > NEVER / 2).astype(V.dtype)
        metric = alive[:, :, None] / (curvature[:, :, None] * self.rows.moments + self.ridge)
        scale = np.ones((len(V), 1, 1), V.dtype)
        return State(V, M, weights, value, self.gradient(V, value), metric, scale)

    def gradient(self, V: Floats, value: Value) -> Floats:
        """Return the gradient in V, (Q, K, p + 1)."""
        Q, K, n = value.R.shape
        G: Floats = (value.R.reshape(Q * K, n) @ self.rows.back).reshape(V.shape)
        G[:, :, :-1] += self.lam * V[:, :, :-1]
        return G

    def margins(self, V: Floats) -> Floats:
        """Return ``V Z'``, (Q, K, n)."""
        Q, K, p = V.shape
        M: Floats = (V.reshape(Q * K, p) @ self.rows.forth).reshape(Q, K, -1)
        return M

    def objective(self, V: Floats, value: Value) -> Floats:
        """Return f of each problem, (Q,)."""
        W = V[:, :, :-1]
        f: Floats = value.loss + self.lam / 2 * np.einsum("qkp,qkp->q", W, W)
        return f

    def left(self, state: State) -> Floats:
        """Return about how far f is above its minimum, (Q,): the gap at settled intercepts."""
        W, b = state.G[:, :, :-1], state.G[:, :, -1]
        weighty: Floats = np.einsum("qkp,qkp->q", W, W) / (2 * self.lam)
        weighty += np.einsum("qk,qk->q", b * b, state.metric[:, :, -1]) / 2
        return weighty

    def run(self, state: State, tol: Floats) -> State:
        """Return the state with `left` <= tol (Q,) * objective, or where no step helps any more.

        A problem is also given up after `PATIENCE` steps without a new least `left`.
        """
        patience = PATIENCE[self.rows.back.dtype.name]
        final = state
        active = np.arange(len(state.V))
        least, waited = np.full(len(active), np.inf), np.zeros(len(active), dtype=np.int64)
        stuck = np.zeros(len(active), dtype=bool)
        for _ in range(MAX_STEPS):
            left = self.left(state)
            waited = np.where(left < least, 0, waited + 1)
            least = np.minimum(left, least)
            reached = left <= tol[active] * self.objective(state.V, state.value)
            closed = stuck | (waited > patience) | reached
            if closed.any():
                _store(final, state, active)
                kept = np.flatnonzero(~closed)
                active, state = active[kept], state.take(kept)
                least, waited = least[kept], waited[kept]
            if not active.size:
                return final
            stuck = self._step(state)
        _store(final, state, active)
        return final

    def _step(self, state: State) -> NDArray[np.bool_]:
        """Advance every problem by one step; return which could not move."""
        D = -self._precondition(state)
        slope = np.einsum("qkp,qkp->q", state.G, D)
        DM = self.margins(D)
        t = self._search(state, D, DM, slope)
        moved = t > 0
        S = t[:, None, None].astype(D.dtype) * D
        state.V += S
        G = self.gradient(state.V, state.value)
        pair = Pair.of(S, G - state.G)
        state.scale = pair.scale(state.metric)
        state.pairs.append(pair)
        if len(state.pairs) > MEMORY:
            state.pairs.pop(0)
        state.G = G
        return ~moved

    def _precondition(self, state: State) -> Floats:
        """Return the two-loop recursion's product with the gradient."""
        D = state.G.copy()
        alphas = []
        for pair in reversed(state.pairs):
            alpha = pair.rho * np.einsum("qkp,qkp->q", pair.S, D)
            D -= alpha[:, None, None] * pair.Y
            alphas.append(alpha)
        D *= state.scale * state.metric
        D = self.loss.center(D, (state.metric[:, :, 0] > 0).astype(D.dtype))
        for pair, alpha in zip(state.pairs, reversed(alphas), strict=True):
            beta = pair.rho * np.einsum("qkp,qkp->q", pair.Y, D)
            D += (alpha - beta)[:, None, None] * pair.S
        return D

    def _search(self, state: State, D: Floats, DM: Floats, slope: Floats) -> Floats:
        """Return step lengths (Q,) that halve the slope, zero where none was found."""
        W, DW = state.V[:, :, :-1], D[:, :, :-1]
        linear = self.lam * np.einsum("qkp,qkp->q", W, DW)
        square = self.lam * np.einsum("qkp,qkp->q", DW, DW)
        t = np.ones(len(slope))
        M = state.M + DM
        value = self.loss.value(M, state.weights)
        now = np.einsum("qkn,qkn->q", value.R, DM) + linear + square
        bracket = Bracket(slope)
        todo = np.flatnonzero(np.abs(now) > ACCEPT * np.abs(slope))
        for _ in range(MAX_TRIALS):
            if not todo.size:
                break
            t[todo] = bracket.next(todo, t[todo], now[todo])
            self._retry(state, DM, t, todo, M, value)
            now[todo] = np.einsum("qkn,qkn->q", value.R[todo], DM[todo])
            now[todo] += linear[todo] + t[todo] * square[todo]
            todo = todo[np.abs(now[todo]) > ACCEPT * np.abs(slope[todo])]
        if todo.size:
            t[todo] = 0
            self._retry(state, DM, t, todo, M, value)
        state.M, state.value = M, value
        return t

    def _retry(
        self, state: State, DM: Floats, t: Floats, todo: Ints, M: Floats, value: Value
    ) -> None:
        """Evaluate the problems ``todo`` at step lengths ``t`` into ``M`` and ``value``."""
        M[todo] = state.M[todo] + t[todo, None, None].astype(M.dtype) * DM[todo]
        again = self.loss.value(M[todo], state.weights[todo])
        value.loss[todo], value.P[todo], value.R[todo] = again.loss, again.P, again.R


class Bracket:
    """Step lengths between which each slope changes its sign, from 0 to infinity at first."""

    def __init__(self, slope: Floats) -> None:
        self.low, self.high = np.zeros(len(slope)), np.full(len(slope), np.inf)
        self.slope_low, self.slope_high = slope.astype(np.float64), np.full(len(slope), np.inf)

    def next(self, at: Ints, t: Floats, slope: Floats) -> Floats:
        """Take in the slopes of problems ``at`` at ``t``; return where to look next.

        The secant's root kept off the bracket's ends, or twice as far where it is still open.
        """
        falls = slope < 0
        self.low[at[falls]], self.slope_low[at[falls]] = t[falls], slope[falls]
        self.high[at[~falls]], self.slope_high[at[~falls]] = t[~falls], slope[~falls]
        low, high = self.low[at], self.high[at]
        with np.errstate(invalid="ignore"):
            share = self.slope_low[at] / (self.slope_low[at] - self.slope_high[at])
            inside = low + np.clip(share, 0.1, 0.9) * (high - low)
        return np.where(np.isfinite(high), inside, np.maximum(2 * low, 2.0))


def _store(final: State, state: State, active: Ints) -> None:
    if final is state:
        return
    final.V[active], final.M[active], final.G[active] = state.V, state.M, state.G
    final.value.loss[active] = state.value.loss
    final.value.P[active], final.value.R[active] = state.value.P, state.value.R
