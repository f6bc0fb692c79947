"""Loss, slope and residuals of one problem at a trial step, in one pass over its margins.

Rows go by in blocks that stay in the nearest cache. ``owner[i]`` is the margin of row i that
its label adds to: its class for the softmax; for the sigmoid 0 for the second class and -1 for
the first. So a row's probability can be told from its residual, ``R / w + (owner == k)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from charz.probes._logistic.compiled.machine import compiled, exp, log

if TYPE_CHECKING:
    from charz.records import Floats, Ints

BLOCK = 64
"""Rows taken at once: with K margins of 4 bytes each, 1.5 KB for six classes."""


@compiled
def measure(
    M: Floats, D: Floats, t: float, owner: Ints, w: Floats, R: Floats, work: Floats
) -> tuple[float, float]:
    """Return loss and slope at margins ``M + t D``, and write the residuals there.

    Parameters
    ----------
    M, D : float arrays (K, at least n)
    t : float of the same type
    owner : int array (n,)
    w : float array (n,)
        Row weights.
    R : float array (K, at least n)
        Set to ``w (p - label)``, the derivative of the loss in the margins.
    work : float array (2, BLOCK)

    Returns
    -------
    tuple of float64
        ``sum_i w_i loss_i`` and ``sum R D``.
    """
    loss, slope = 0.0, 0.0
    for start in range(0, len(owner), BLOCK):
        stop = min(len(owner), start + BLOCK)
        part = (start, owner[start:stop], w[start:stop])
        if len(M) == 1:
            a, b = _sigmoid(M, D, t, R, *part, work[0])
        else:
            a, b = _softmax(M, D, t, R, *part, work[0], work[1])
        loss += a
        slope += b
    return loss, slope


@compiled
def _softmax(
    M: Floats,
    D: Floats,
    t: float,
    R: Floats,
    start: int,
    owner: Ints,
    w: Floats,
    top: Floats,
    total: Floats,
) -> tuple[float, float]:
    zero, lowest = M.dtype.type(0), M.dtype.type(-3e38)
    n_rows, n_margins = len(owner), len(M)
    stop = start + n_rows
    for i in range(n_rows):
        top[i], total[i] = lowest, zero
    for k in range(n_margins):
        # Slices of one row are contiguous, which loops over vectors need to know.
        m, d, r = M[k, start:stop], D[k, start:stop], R[k, start:stop]
        for i in range(n_rows):
            r[i] = m[i] + t * d[i]
            top[i] = max(top[i], r[i])
    loss, slope = zero, zero
    for i in range(n_rows):
        # Not a plain product: a row of weight 0 may have an own margin of -1e30.
        loss -= w[i] * (R[owner[i], start + i] - top[i]) if w[i] != zero else zero
    for k in range(n_margins):
        r = R[k, start:stop]
        for i in range(n_rows):
            r[i] = exp(r[i] - top[i])
            total[i] += r[i]
    for i in range(n_rows):
        loss += w[i] * log(total[i])
        total[i] = w[i] / total[i]
    for k in range(n_margins):
        d, r = D[k, start:stop], R[k, start:stop]
        for i in range(n_rows):
            r[i] *= total[i]
            slope += r[i] * d[i]
    for i in range(n_rows):
        R[owner[i], start + i] -= w[i]
        slope -= w[i] * D[owner[i], start + i]
    return float(loss), float(slope)


@compiled
def _sigmoid(
    M: Floats, D: Floats, t: float, R: Floats, start: int, owner: Ints, w: Floats, label: Floats
) -> tuple[float, float]:
    zero, one = M.dtype.type(0), M.dtype.type(1)
    stop = start + len(owner)
    m, d, r = M[0, start:stop], D[0, start:stop], R[0, start:stop]
    for i in range(len(owner)):
        label[i] = owner[i] + 1
    loss, slope = zero, zero
    for i in range(len(owner)):
        at = m[i] + t * d[i]
        small = exp(min(at, -at))
        p = (one if at > zero else small) / (one + small)
        r[i] = w[i] * (p - label[i])
        slope += r[i] * d[i]
        hinge = max(at, zero) - label[i] * at
        # Not a plain product: a row of weight 0 may have an infinite loss.
        loss += w[i] * (log(one + small) + hinge) if w[i] != zero else zero
    return float(loss), float(slope)


@compiled
def spread(R: Floats, k: int, owner: Ints, w: Floats, spreads: Floats) -> float:
    """Write ``w p (1 - p)`` of margin k from its residuals (n,); return the sum."""
    zero, one = R.dtype.type(0), R.dtype.type(1)
    total = zero
    for i in range(len(owner)):
        p = (R[i] / w[i] if w[i] != zero else zero) + (one if owner[i] == k else zero)
        spreads[i] = w[i] * max(p * (one - p), zero)
        total += spreads[i]
    return float(total)
