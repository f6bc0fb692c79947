"""The recurrences of `charz.tridiagonal`, compiled by Numba. Compiled when first called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.compiled import machine_code

if TYPE_CHECKING:
    from charz.records import Floats

BLOCK = 256
"""Columns that are taken through the recurrence together: what stays in the nearest cache."""


@machine_code
def forms(diagonal: Floats, off: Floats, V: Floats, shifts: Floats) -> Any:
    """Return log-determinants and forms as `charz.tridiagonal.forms` does."""
    n_shifts, n_vectors = len(shifts), V.shape[1]
    w = np.zeros((n_vectors, n_shifts))
    found = np.zeros((2, n_vectors, n_shifts))
    logdet, product = np.zeros(n_shifts), np.ones(n_shifts)
    ratio, inverse = np.zeros(n_shifts), np.zeros(n_shifts)
    for j in range(len(diagonal)):
        below = off[j - 1] if j else 0.0
        for g in range(n_shifts):
            ratio[g] = below * inverse[g]
            pivot = diagonal[j] + shifts[g] - below * ratio[g]
            inverse[g] = 1 / pivot
            # Few logarithms: of products, before they leave the range of floats.
            product[g] *= pivot
            if not 1e-100 < product[g] < 1e100:
                logdet[g] += np.log(product[g])
                product[g] = 1.0
        for v in range(n_vectors):
            value = V[j, v]
            for g in range(n_shifts):
                x = value - ratio[g] * w[v, g]
                w[v, g] = x
                found[0, v, g] += inverse[g] * x * x
                found[1, v, g] += inverse[g] * x * w[0, g]
    return logdet + np.log(product), found


@machine_code
def pivots(diagonal: Floats, off: Floats, shifts: Floats) -> Any:
    """Return the pivots D and the ratios below the diagonal of L, each (r, g)."""
    found = np.empty((len(diagonal), len(shifts)))
    ratios = np.zeros((len(diagonal), len(shifts)))
    for j in range(len(diagonal)):
        for g in range(len(shifts)):
            found[j, g] = diagonal[j] + shifts[g]
            if j:
                ratios[j, g] = off[j - 1] / found[j - 1, g]
                found[j, g] -= off[j - 1] * ratios[j, g]
    return found, ratios


@machine_code
def norms(ratios: Floats, inverse: Floats, V: Floats) -> Any:
    """Return the forms of all columns, (g, n)."""
    n_shifts, n = ratios.shape[1], V.shape[1]
    total = np.zeros((n_shifts, n), dtype=V.dtype)
    for start in range(0, n, BLOCK):
        width = min(BLOCK, n - start)
        w = np.zeros((n_shifts, width), dtype=V.dtype)
        s = np.zeros((n_shifts, width), dtype=V.dtype)
        for j in range(len(V)):
            for g in range(n_shifts):
                ratio, weight = ratios[j, g], inverse[j, g]
                for i in range(width):
                    x = V[j, start + i] - ratio * w[g, i]
                    w[g, i] = x
                    s[g, i] += weight * x * x
        total[:, start : start + width] = s
    return total
