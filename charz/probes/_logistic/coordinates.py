"""Coordinates in which the same problem is smaller and better conditioned.

A free intercept makes centring free; a rotation leaves ``||W||`` alone. So for n <= d the rows
of a triangular root of the Gram matrix, ``L L' = X X'``, hold the problem exactly in at most
n - 1 dimensions, half of them zeros; and for n > d the pool's principal axes serve every subset
with a nearly diagonal second moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._draws import unit, unit_scale
from charz.sample import matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

POOL_ROWS = 1024
"""Principal axes are only a preconditioner: this many pool rows fix them well enough."""
ROTATED = 512 << 20
"""Bytes up to which the rotated pool is kept; a larger one is rotated draw by draw."""
ROTATED_ROWS = 1024
"""Rows rotated at once: their copy in float64 stays in the cache."""
MILD = 2.0
"""Up to this C on unit rows the penalty alone makes a good Hessian: axes would gain nothing."""
# Share of the rows' total variance below which what is left of a row is rounding.
NOTHING = 1e-15


@dataclass(frozen=True)
class Coordinates:
    """Rows in new coordinates and the way back.

    Attributes
    ----------
    Z : float64 array (n, p)
        The rows, centred, times the scale, in the order given by ``order``.
    order : int64 array (n,)
        Row i of ``Z`` is row ``order[i]`` of the draw.
    center : float64 array (d,)
    scale : float
    axes : float64 array (d, p) or None
        Weights ``W`` (K, p) on ``Z`` are ``W @ axes.T`` on scaled, centred rows.
    roots : float64 array (p, d) or None
        Or, in place of axes, the rows that the first p of ``Z``, a triangle, stand for: weights
        are ``W @ inv(Z[:p]) @ roots``. Without either they are ``W`` itself.
    """

    Z: Floats
    order: Ints
    center: Floats
    scale: float
    axes: Floats | None = None
    roots: Floats | None = None

    @property
    def is_triangular(self) -> bool:
        """Whether ``Z[i, j] = 0`` for j > i."""
        return self.roots is not None

    def raw(self, V: Floats) -> Floats:
        """Return ``[W, b]`` (..., d + 1) for raw rows, from ``V = [W, b]`` (..., p + 1)."""
        W = self.scale * V[..., :-1]
        if self.axes is not None:
            W = W @ self.axes.T
        elif self.roots is not None:
            W = _solved(self.Z[: len(self.roots)], W) @ self.roots
        return np.concatenate([W, V[..., -1:] - (W @ self.center)[..., None]], axis=-1)


def _solved(L: Floats, W: Floats) -> Floats:
    """Return ``W @ inv(L)`` for a triangular ``L`` (p, p); W is (..., p)."""
    import scipy.linalg.lapack as lapack

    flat = W.reshape(-1, W.shape[-1])
    # LAPACK reads columns: what is lower and stored by rows is upper to it, and turned already.
    solved, _ = lapack.dtrtrs(L.T, flat.T, lower=0)
    back: Floats = solved.T.reshape(W.shape)
    return back


class Pool:
    """The rows that subsets are drawn from; what subsets share is computed once.

    Parameters
    ----------
    X : array (N, d)

    Examples
    --------
    >>> pool = Pool([[0.0, 3.0], [4.0, 0.0], [4.0, 3.0]])
    >>> where = pool.coordinates(np.array([0, 1]))
    >>> np.allclose(where.Z @ where.Z.T / where.scale**2, [[6.25, -6.25], [-6.25, 6.25]])
    True
    """

    def __init__(self, X: ArrayLike) -> None:
        self.X = np.asarray(X)

    def coordinates(
        self, rows: Ints, weakest: float = np.inf, is_scaled: bool = True
    ) -> Coordinates:
        """Return the rows in the cheapest coordinates for penalties up to ``C = weakest``.

        ``is_scaled`` says whether that is meant for rows of mean squared length 1.

        Raises
        ------
        InputError
            When one of them holds NaN or infinities.
        """
        if len(rows) <= self.X.shape[1]:
            return shrink(self.rows(rows))
        if weakest <= MILD or not is_scaled:
            X = self.rows(rows)
            scale = unit_scale(X)
            if weakest <= MILD * (1 if is_scaled else scale**2):
                return center(X, scale)
        return self._rotate(rows)

    def rows(self, rows: Ints) -> Floats:
        """Return rows in float64, checked."""
        return matrix(self.X[rows], "the training rows")

    @cached_property
    def axes(self) -> Floats:
        """Principal axes (d, d) of the first `POOL_ROWS` rows, the others' where one is broken."""
        rows = np.asarray(self.X[:POOL_ROWS], dtype=np.float64)
        rows = rows[np.isfinite(rows).all(axis=1)]
        rows = rows - rows.mean(axis=0)
        axes: Floats = np.linalg.eigh(rows.T @ rows)[1][:, ::-1]
        return np.ascontiguousarray(axes)

    @cached_property
    def _rotated(self) -> tuple[Floats, Floats] | None:
        """All rows on the axes and their squared lengths; None where they are too many."""
        if 8 * self.X.size > ROTATED:
            return None
        Z, lengths = np.empty(self.X.shape), np.empty(len(self.X))
        with np.errstate(invalid="ignore", over="ignore"):
            for start in range(0, len(Z), ROTATED_ROWS):
                part = slice(start, start + ROTATED_ROWS)
                X = self.X[part].astype(np.float64)
                np.matmul(X, self.axes, out=Z[part])
                np.einsum("nd,nd->n", X, X, out=lengths[part])
        return Z, lengths

    def _rotate(self, rows: Ints) -> Coordinates:
        shared = self._rotated
        Z: Floats
        lengths: Floats
        if shared is None:
            X = self.rows(rows)
            Z, lengths = X @ self.axes, np.einsum("nd,nd->n", X, X)
        else:
            Z, lengths = shared[0][rows], shared[1][rows]
            if not np.isfinite(lengths).all():
                self.rows(rows)
        scale = unit(float(lengths.mean()))
        center = Z.mean(axis=0)
        Z -= center
        Z *= scale
        order = np.arange(len(rows))
        return Coordinates(Z, order, self.axes @ center, scale, axes=self.axes)


def center(X: Floats, scale: float) -> Coordinates:
    """Return the rows of ``X`` (n, d) on their own axes."""
    mean = X.mean(axis=0)
    Z = (X - mean) * scale
    return Coordinates(Z, np.arange(len(X)), mean, scale)


def shrink(X: Floats) -> Coordinates:
    """Return the rows of ``X`` (n, d) as those of a triangular root of their Gram matrix.

    Rows are taken in the order of what is left of them (a pivoted Cholesky decomposition), so
    that the first coordinates vary most, and to the point where all that is left is rounding:
    duplicate and constant rows cost nothing.
    """
    import scipy.linalg.blas as blas
    import scipy.linalg.lapack as lapack

    scale = unit_scale(X)
    center = X.mean(axis=0)
    rows = (X - center) * scale
    gram = blas.dsyrk(1.0, rows.T, trans=1, lower=1)
    total = float(gram.trace())
    if total <= 0:
        nowhere = np.zeros((X.shape[1], 1))
        return Coordinates(np.zeros((len(X), 1)), np.arange(len(X)), center, scale, axes=nowhere)
    L, pivots, rank, _ = lapack.dpstrf(gram, lower=1, tol=NOTHING * total, overwrite_a=1)
    order = pivots.astype(np.int64) - 1
    # Above the diagonal are the zeros that dsyrk left there.
    Z = np.ascontiguousarray(L[:, : int(rank)])
    return Coordinates(Z, order, center, scale, roots=rows[order[: int(rank)]])
