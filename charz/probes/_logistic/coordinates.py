"""Coordinates in which the same problem is smaller and better conditioned.

A free intercept makes centring free; a rotation leaves ``||W||`` alone. So for n <= d the
rows' own principal coordinates (at most n - 1 of them) hold the problem exactly, and for
n > d the pool's principal axes serve every subset with a nearly diagonal second moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats

# Principal axes are only a preconditioner: this many pool rows fix them well enough.
POOL_ROWS = 4096


@dataclass(frozen=True)
class Coordinates:
    """Rows in new coordinates and the way back.

    Attributes
    ----------
    Z : float64 array (n, p)
        The rows, centred, times the scale.
    axes : float64 array (d, p)
        Weights ``W`` (K, p) on ``Z`` are ``W @ axes.T`` on scaled, centred rows.
    center : float64 array (d,)
    scale : float
    """

    Z: Floats
    axes: Floats
    center: Floats
    scale: float

    def margins(self, V: Floats, X: Floats) -> Floats:
        """Return ``W z + b`` of raw rows ``X`` (m, d) for ``V = [W, b]`` (K, p + 1), (m, K)."""
        W = (self.scale * V[:, :-1]) @ self.axes.T
        M: Floats = X @ W.T
        M += V[:, -1] - W @ self.center
        return M


def pool_axes(pool: Floats) -> Floats:
    """Return the principal axes (d, d) of the first `POOL_ROWS` rows of the pool."""
    rows = np.asarray(pool[:POOL_ROWS], dtype=np.float64)
    rows = rows - rows.mean(axis=0)
    axes: Floats = np.linalg.eigh(rows.T @ rows)[1][:, ::-1]
    return np.ascontiguousarray(axes)


def rotate(X: Floats, axes: Floats, scale: float) -> Coordinates:
    """Return the rows of ``X`` (n, d) on given orthonormal ``axes`` (d, d)."""
    center = X.mean(axis=0)
    return Coordinates(((X - center) * scale) @ axes, axes, center, scale)


def shrink(X: Floats, scale: float) -> Coordinates:
    """Return the rows of ``X`` (n, d) in their own principal coordinates, p < n.

    From the Gram matrix: components whose singular value is below 1e-7 of the largest drown
    in rounding there and are dropped; they cannot move a margin.
    """
    center = X.mean(axis=0)
    rows = (X - center) * scale
    values, U = np.linalg.eigh(rows @ rows.T)
    kept = values > max(values[-1], 0.0) * 1e-14
    U, s = U[:, kept][:, ::-1], np.sqrt(values[kept])[::-1]
    return Coordinates(np.ascontiguousarray(U * s), rows.T @ (U / s), center, scale)
