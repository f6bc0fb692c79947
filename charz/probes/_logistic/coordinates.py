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

from charz.sample import matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

POOL_ROWS = 2048
"""Principal axes are only a preconditioner: this many pool rows fix them well enough."""
ROTATED = 512 << 20
"""Bytes up to which the rotated pool is kept; a larger one is rotated draw by draw."""
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
    axes : float64 array (d, p) or None
        Weights ``W`` (K, p) on ``Z`` are ``W @ axes.T`` on scaled, centred rows; None where
        they are ``W`` itself.
    center : float64 array (d,)
    scale : float
    is_triangular : bool
        Whether ``Z[i, j] = 0`` for j > i.
    """

    Z: Floats
    order: Ints
    axes: Floats | None
    center: Floats
    scale: float
    is_triangular: bool

    def raw(self, V: Floats) -> Floats:
        """Return ``[W, b]`` (..., d + 1) for raw rows, from ``V = [W, b]`` (..., p + 1)."""
        W = self.scale * V[..., :-1]
        if self.axes is not None:
            W = W @ self.axes.T
        return np.concatenate([W, V[..., -1:] - (W @ self.center)[..., None]], axis=-1)


class Pool:
    """The rows that subsets are drawn from; what subsets share is computed once.

    Parameters
    ----------
    X : array (N, d)

    Examples
    --------
    >>> pool = Pool([[0.0, 3.0], [4.0, 0.0], [4.0, 3.0]])
    >>> where = pool.coordinates(np.array([0, 1]))
    >>> np.allclose(where.Z @ where.axes.T / where.scale + where.center, [[0, 3], [4, 0]])
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
            scale = unit(float(np.einsum("nd,nd->", X, X)) / len(X))
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
        X = self.X.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            return X @ self.axes, np.einsum("nd,nd->n", X, X)

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
        return Coordinates(Z, order, self.axes, self.axes @ center, scale, is_triangular=False)


def center(X: Floats, scale: float) -> Coordinates:
    """Return the rows of ``X`` (n, d) on their own axes."""
    mean = X.mean(axis=0)
    Z = (X - mean) * scale
    return Coordinates(Z, np.arange(len(X)), None, mean, scale, is_triangular=False)


def shrink(X: Floats) -> Coordinates:
    """Return the rows of ``X`` (n, d) as those of a triangular root of their Gram matrix.

    Rows are taken in the order of what is left of them (a pivoted Cholesky decomposition), so
    that the first coordinates vary most, and to the point where all that is left is rounding:
    duplicate and constant rows cost nothing.
    """
    import scipy.linalg.blas as blas
    import scipy.linalg.lapack as lapack

    scale = unit(float(np.einsum("nd,nd->", X, X)) / len(X))
    center = X.mean(axis=0)
    rows = (X - center) * scale
    gram = blas.dsyrk(1.0, rows.T, trans=1, lower=1)
    L, pivots, rank, _ = lapack.dpstrf(gram, lower=1, tol=NOTHING * max(gram.trace(), 1e-300))
    order = pivots.astype(np.int64) - 1
    rank = max(1, int(rank)) if gram.trace() > 0 else 0
    if rank == 0:
        nowhere = np.zeros((len(X), 1))
        return Coordinates(nowhere, order, np.zeros((X.shape[1], 1)), center, scale, True)
    Z = np.tril(L)[:, :rank]
    solved, _ = lapack.dtrtrs(Z[:rank], rows[order[:rank]], lower=1)
    return Coordinates(np.ascontiguousarray(Z), order, solved.T, center, scale, True)


def unit(mean_square: float) -> float:
    """Return the factor that makes rows' mean squared length 1 (1 where all are zero)."""
    return 1.0 / float(np.sqrt(mean_square)) if mean_square > 0 else 1.0
