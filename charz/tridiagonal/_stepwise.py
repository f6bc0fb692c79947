"""The recurrences of `charz.tridiagonal` in NumPy: one step for all columns and shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats


def forms(diagonal: Floats, off: Floats, V: Floats, shifts: Floats) -> tuple[Floats, Floats]:
    """Return log-determinants and forms as `charz.tridiagonal.forms` does."""
    below, ratios = pivots(diagonal, off, shifts)
    w = np.zeros((V.shape[1], len(shifts)))
    found = np.zeros((2, *w.shape))
    for row, ratio, pivot in zip(V, ratios, below, strict=True):
        w = row[:, None] - ratio * w
        scaled = w / pivot
        found[0] += w * scaled
        found[1] += w[0] * scaled
    return np.log(below).sum(axis=0), found


def pivots(diagonal: Floats, off: Floats, shifts: Floats) -> tuple[Floats, Floats]:
    """Return the pivots D and the ratios below the diagonal of L, each (r, g)."""
    found = diagonal[:, None] + shifts
    ratios = np.zeros_like(found)
    for j, below in enumerate(off, start=1):
        ratios[j] = below / found[j - 1]
        found[j] -= below * ratios[j]
    return found, ratios


def norms(ratios: Floats, inverse: Floats, V: Floats) -> Floats:
    """Return the forms of all columns, (g, n)."""
    w = np.zeros((ratios.shape[1], V.shape[1]), dtype=V.dtype)
    total = np.zeros_like(w)
    for row, ratio, weight in zip(V, ratios, inverse, strict=True):
        w = row - ratio[:, None] * w
        total += weight[:, None] * w * w
    return total
