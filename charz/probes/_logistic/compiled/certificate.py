"""How far solutions can be from the optimum, in float64: see `reference.certificate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic.compiled.losses import BLOCK, measure
from charz.probes._logistic.compiled.machine import compiled
from charz.probes._logistic.compiled.metric import add, dot

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MAX_NEWTON, MAX_HALVINGS = 30, 60
TINY = 1e-300
# Relative curvature below which a direction counts as flat.
NOTHING = 1e-12


@compiled
def prove(
    Z: Floats, owner: Ints, dead: Floats, lams: Floats, settled: float, V: Floats, gaps: Floats
) -> Floats:
    """Settle intercepts and bound relative gaps of fits to all rows.

    Parameters
    ----------
    Z : float64 array (n, p)
    owner : int64 array (n,)
        See `losses`.
    dead : bool array (K,)
    lams : float64 array (Q,)
    settled : float
        Relative share of the gap that intercepts may leave open; it is added to the bound.
    V : float64 array (Q, K, p + 1)
        Weights and, last, intercepts, which are moved to their best.
    gaps : float64 array (Q,)
        Set to bounds on ``(f - f*) / f*``.

    Returns
    -------
    float64 array (Q, K, n)
        Margins.
    """
    (Q, K, width), (n, p) = V.shape, Z.shape
    W = V.reshape(Q * K, width)[:, :p].copy()
    M: Floats = np.dot(W, Z.T).reshape(Q, K, n)
    w, R, losses, open_ = np.ones(n), np.empty((Q * K, n)), np.empty(Q), np.empty(Q)
    for q in range(Q):
        for k in range(K):
            _raise(V[q, k, p], M[q, k])
        losses[q], open_[q] = _settle(
            owner, w, dead, settled, M[q], V[q, :, p], R[q * K : (q + 1) * K]
        )
    G = np.dot(R, Z)
    for q in range(Q):
        above, f = open_[q], losses[q]
        for k in range(K):
            add(lams[q], W[q * K + k], G[q * K + k])
            above += dot(G[q * K + k], G[q * K + k]) / (2 * lams[q])
            f += lams[q] / 2 * dot(W[q * K + k], W[q * K + k])
        gaps[q] = 0.0 if above == 0 else (above / (f - above) if above < f else np.inf)
    return M


@compiled
def _settle(
    owner: Ints, w: Floats, dead: Floats, settled: float, M: Floats, b: Floats, R: Floats
) -> tuple[float, float]:
    """Move intercepts and margins to the least loss by damped Newton steps.

    Returns the loss and twice Newton's estimate of what is left, for less would not be a bound.
    """
    work, D = np.empty((2, BLOCK)), np.zeros_like(M)
    loss, _ = measure(M, D, 0.0, owner, w, R, work)
    # Steps are so short that one Hessian serves them all.
    L = _hessian(R, owner, w)
    _factor(L)
    left = 0.0
    for _ in range(MAX_NEWTON):
        slope = _row_sums(R)
        step = _solve(L, -slope)
        left = -dot(slope, step)
        if left <= settled * max(loss, TINY):
            break
        for k in range(len(M)):
            D[k] = 0.0 if dead[k] else step[k]
        t, there = 1.0, np.inf
        for _ in range(MAX_HALVINGS):
            there, _ = measure(M, D, t, owner, w, R, work)
            if there <= loss:
                break
            t /= 2
        if there >= loss:  # rounding is all that is left: the residuals are of another place
            D[:] = 0.0
            loss, _ = measure(M, D, 0.0, owner, w, R, work)
            break
        loss = there
        for k in range(len(M)):
            if not dead[k]:
                b[k] += t * step[k]
                _raise(t * step[k], M[k])
    return loss, left


@compiled
def _factor(H: Floats) -> None:
    """Turn a positive definite matrix into its Cholesky factor, in the lower half."""
    for a in range(len(H)):
        for b in range(a):
            H[a, b] = (H[a, b] - dot(H[a, :b], H[b, :b])) / H[b, b]
        H[a, a] = np.sqrt(H[a, a] - dot(H[a, :a], H[a, :a]))


@compiled
def _solve(L: Floats, right: Floats) -> Floats:
    """Return x with ``L L' x = right``."""
    x = right.copy()
    for a in range(len(x)):
        x[a] = (x[a] - dot(L[a, :a], x[:a])) / L[a, a]
    for a in range(len(x) - 1, -1, -1):
        x[a] /= L[a, a]
        for b in range(a):
            x[b] -= x[a] * L[a, b]
    return x


@compiled
def _raise(by: float, m: Floats) -> None:
    for i in range(len(m)):
        m[i] += by


@compiled
def _row_sums(R: Floats) -> Floats:
    sums = np.empty(len(R))
    for k in range(len(R)):
        total, r = 0.0, R[k]
        for i in range(len(r)):
            total += r[i]
        sums[k] = total
    return sums


@compiled
def _hessian(R: Floats, owner: Ints, w: Floats) -> Floats:
    """Return the second derivative in the intercepts, (K, K), made invertible."""
    K, n = R.shape
    P, WP = np.empty((K, n)), np.empty((K, n))
    for k in range(K):
        p, wp, r = P[k], WP[k], R[k]
        for i in range(n):
            p[i] = (r[i] / w[i] if w[i] != 0 else 0.0) + (1.0 if owner[i] == k else 0.0)
            wp[i] = w[i] * p[i]
    H: Floats = -np.dot(WP, P.T)
    most = 0.0
    for k in range(K):
        H[k, k] += WP[k].sum()
        most = max(most, H[k, k])
    most = most if most > 0 else 1.0
    if K > 1:
        # Shifting all intercepts changes nothing; absent or certain classes have no curvature.
        H += most / K
        for k in range(K):
            H[k, k] += NOTHING * most
    elif H[0, 0] <= 0:
        H[0, 0] = 1.0
    return H
