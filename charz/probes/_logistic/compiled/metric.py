"""The starting metric of a class: a diagonal, and what its most uncertain rows add to it.

The Hessian of class k in its own weights is ``lam I + sum_i d_i z_i z_i'`` with ``d = w p (1 - p)``
and ``z = [x, 1]``. The few rows of largest d are taken as they are, all others by their mean:

    H = A + U' U,   A = diag(lam + c sum_i z_ij^2),   c = mean of the other rows' d,

with rows ``sqrt(d_i) z_i`` in U. By Woodbury's identity ``H^-1 = A^-1 - B' B`` with
``B = L^-1 U A^-1`` and ``L L' = I + U A^-1 U'``. With many classes, whose rows are few and whose
uncertain rows fewer, this is nearly the whole Hessian: a quarter of the steps remain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic.compiled.losses import spread
from charz.probes._logistic.compiled.machine import compiled

if TYPE_CHECKING:
    from charz.records import Floats, Ints

# Least mean curvature of a class assumed by the metric.
FLAT = 1e-12
# Least share of all curvature left to the diagonal: with less, H^-1 is a small difference.
REST = 0.05


@compiled
def diagonal(
    R: Floats, owner: Ints, w: Floats, moments: Floats, lam: float, dead: Floats, metric: Floats
) -> None:
    """Set ``metric`` (K, width) to ``A^-1`` with all rows taken by their mean, 0 where dead."""
    spreads = np.empty_like(w)
    for k in range(len(metric)):
        if dead[k]:
            metric[k] = 0
        else:
            total = spread(R[k, : len(w)], k, owner, w, spreads)
            _invert(total / len(w), len(w), moments, lam, metric[k])


@compiled
def _invert(c: float, n: int, moments: Floats, lam: float, inverse: Floats) -> None:
    c = max(c, FLAT)
    p = len(moments)
    for j in range(p):
        inverse[j] = 1 / (c * moments[j] + lam)
    inverse[p] = 1 / (c * n)
    inverse[p + 1 :] = 0


@compiled
def sharpen(
    R: Floats,
    owner: Ints,
    w: Floats,
    Z: Floats,
    moments: Floats,
    lam: float,
    dead: Floats,
    metric: Floats,
    B: Floats,
) -> None:
    """Set ``metric`` to ``A^-1`` and ``B`` (K, rank, width) for residuals ``R`` (K, n)."""
    rank = B.shape[1]
    spreads, chosen = np.empty_like(w), np.empty(rank, np.int64)
    L = np.empty((rank, rank), B.dtype)
    for k in range(len(metric)):
        B[k] = 0
        if dead[k]:
            metric[k] = 0
            continue
        total = spread(R[k, : len(w)], k, owner, w, spreads)
        count, rest = _largest(spreads, chosen), total
        for a in range(count):
            rest -= spreads[chosen[a]]
        _invert(max(rest, REST * total) / len(w), len(w), moments, lam, metric[k])
        for a in range(count):
            _row(Z[chosen[a]], spreads[chosen[a]], B[k, a])
        _whiten(B[k, :count], metric[k], L)


@compiled
def _largest(values: Floats, chosen: Ints) -> int:
    """Write the places of the largest values, largest first; return how many there are."""
    count = 0
    for i in range(len(values)):
        if count == len(chosen):
            if values[i] <= values[chosen[count - 1]]:
                continue
            count -= 1
        place = count
        while place > 0 and values[chosen[place - 1]] < values[i]:
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = i
        count += 1
    return count


@compiled
def _row(z: Floats, d: float, row: Floats) -> None:
    root = np.sqrt(d)
    for j in range(len(z)):
        row[j] = root * z[j]
    row[len(z)] = root


@compiled
def _whiten(U: Floats, inverse: Floats, L: Floats) -> None:
    """Turn ``U`` into ``L^-1 U A^-1`` in place, ``L`` into the Cholesky factor."""
    one = U.dtype.type(1)
    for a in range(len(U)):
        for b in range(a + 1):
            L[a, b] = _weighted(U[a], U[b], inverse)
        L[a, a] += one
    for a in range(len(U)):
        u = U[a]
        for j in range(len(u)):
            u[j] *= inverse[j]
    for a in range(len(U)):
        for b in range(a):
            for j in range(b):
                L[a, b] -= L[a, j] * L[b, j]
            L[a, b] /= L[b, b]
            add(-L[a, b], U[b], U[a])
        for j in range(a):
            L[a, a] -= L[a, j] * L[a, j]
        L[a, a] = np.sqrt(L[a, a])
        scale = one / L[a, a]
        u = U[a]
        for j in range(len(u)):
            u[j] *= scale


@compiled
def _weighted(a: Floats, b: Floats, weights: Floats) -> float:
    total = a.dtype.type(0)
    for j in range(len(a)):
        total += a[j] * b[j] * weights[j]
    return float(total)


@compiled
def dot(a: Floats, b: Floats) -> float:
    """Return the inner product, summed in the arrays' own type."""
    total = a.dtype.type(0)
    for j in range(len(a)):
        total += a[j] * b[j]
    return float(total)


@compiled
def add(factor: float, a: Floats, b: Floats) -> None:
    """Add ``factor * a`` to ``b``."""
    for j in range(len(a)):
        b[j] += factor * a[j]


@compiled
def apply(metric: Floats, B: Floats, is_sharp: bool, scale: float, D: Floats) -> None:
    """Turn ``D`` (K, width) into ``scale H^-1 D``."""
    parts = np.empty(B.shape[1], D.dtype)
    for k in range(len(D)):
        d, inverse = D[k], metric[k]
        if is_sharp:
            for a in range(len(parts)):
                parts[a] = dot(B[k, a], d)
        for j in range(len(d)):
            d[j] *= scale * inverse[j]
        if is_sharp:
            for a in range(len(parts)):
                add(-scale * parts[a], B[k, a], d)


@compiled
def squared(metric: Floats, B: Floats, is_sharp: bool, Y: Floats) -> float:
    """Return ``Y' H^-1 Y`` of ``Y`` (K, width)."""
    total = 0.0
    for k in range(len(Y)):
        total += _weighted(Y[k], Y[k], metric[k])
        if is_sharp:
            for a in range(B.shape[1]):
                part = dot(B[k, a], Y[k])
                total -= part * part
    return total


@compiled
def center(dead: Floats, D: Floats) -> None:
    """Give ``D`` (K, width) zero sum over the living classes, and zeros to dead ones."""
    n_alive = len(dead) - dead.sum()
    mean = np.zeros(D.shape[1], D.dtype)
    share = D.dtype.type(1 / n_alive)
    for k in range(len(D)):
        if not dead[k]:
            add(share, D[k], mean)
    for k in range(len(D)):
        if dead[k]:
            D[k] = 0
        else:
            add(D.dtype.type(-1), mean, D[k])
