"""The one factorisation of a training sample: its Gram matrix made tridiagonal.

G = Q T Q^T, Q orthogonal and T tridiagonal, costs a third of what eigenvectors cost. T has G's
eigenvalues, and (G + t I)^-1 = Q (T + t I)^-1 Q^T is a recurrence for every t: ridge fits,
leverages, evidence and shrunk covariances need nothing else. Source: Golub and Van Loan, Matrix
Computations, 4th edition, sections 8.3 and 4.3; for ridge regression Elden, BIT 1977.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charz import tridiagonal
from charz.errors import CharzError

if TYPE_CHECKING:
    from charz.records import Floats

DENSE = 64
"""Rows up to which a tridiagonal matrix is as well taken for a dense one."""


@dataclass(frozen=True)
class Factor:
    """A positive semidefinite matrix G = Q T Q^T.

    Attributes
    ----------
    axes : float array (r, r)
        Q.
    diagonal, off : float array (r,), (r - 1,)
        T.

    Examples
    --------
    >>> factor = Factor.of(np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]]))
    >>> factor.values.round(6)
    array([3.414214, 2.      , 0.585786])
    >>> factor.solve(np.ones((3, 1)), np.array([1.0]))[0, :, 0].round(6).tolist()
    [0.285714, 0.142857, 0.285714]
    """

    axes: Floats
    diagonal: Floats
    off: Floats

    @classmethod
    def of(cls, gram: Floats) -> Factor:
        """Factorise a symmetric matrix (r, r), whose memory is used up."""
        from scipy.linalg import lapack

        r = len(gram)
        if r == 1:
            return cls(np.ones((1, 1)), gram[0].copy(), np.zeros(0))
        packed, diagonal, off, tau, _ = lapack.dsytrd(gram.T, lower=1, lwork=64 * r, overwrite_a=1)
        # Reflector j leaves the first j + 1 coordinates alone. One column to the right it is
        # what a QR factorisation would have stored, after one reflector that does nothing.
        axes = np.empty((r, r), order="F")
        axes[:, 0] = 0
        axes[:, 1:] = packed[:, :-1]
        axes = lapack.dorgqr(axes, np.append(0.0, tau), lwork=64 * r, overwrite_a=1)[0]
        return cls(axes, diagonal, off)

    @cached_property
    def values(self) -> Floats:
        """Eigenvalues, descending, (r,); what rounding left below zero is zero."""
        from scipy.linalg import lapack

        if len(self.diagonal) == 1:
            return np.maximum(self.diagonal, 0)
        values, info = lapack.dsterf(self.diagonal, self.off)
        if info:
            raise CharzError("the eigenvalues of a sample did not converge", "report this sample")
        spectrum: Floats = np.maximum(values[::-1], 0)
        return spectrum

    def leading(self, most: int) -> tuple[Floats, Floats]:
        """Return the ``most`` largest eigenvalues, descending, and their eigenvectors (r, most)."""
        r = len(self.diagonal)
        if r <= DENSE:
            T = np.diag(self.diagonal) + np.diag(self.off, 1) + np.diag(self.off, -1)
            values, vectors = np.linalg.eigh(T)
        else:
            from scipy.linalg import eigh_tridiagonal

            span = (max(r - most, 0), r - 1)
            values, vectors = eigh_tridiagonal(
                self.diagonal, self.off, select="i", select_range=span, lapack_driver="stemr"
            )
        return values[::-1][:most], self.axes @ vectors[:, ::-1][:, :most]

    def turn(self, V: Floats) -> Floats:
        """Return ``V`` (r, v) in the basis where the matrix is tridiagonal, Q^T V."""
        turned: Floats = self.axes.T @ V
        return turned

    def forms(self, V: Floats, shifts: Floats) -> tuple[Floats, Floats]:
        """Return `charz.tridiagonal.forms` of turned vectors."""
        return tridiagonal.forms(self.diagonal, self.off, V, shifts)

    def norms(self, V: Floats, shifts: Floats) -> Floats:
        """Return `charz.tridiagonal.norms` of turned vectors."""
        return tridiagonal.norms(self.diagonal, self.off, V, shifts)

    def solve(self, V: Floats, shifts: Floats) -> Floats:
        """Return (T + t I)^-1 V of turned vectors (r, v), in turned coordinates, (g, r, v)."""
        from scipy.linalg import lapack

        if len(self.diagonal) == 1:
            one: Floats = V / (self.diagonal + shifts[:, None, None])
            return one
        return np.stack([lapack.dptsv(self.diagonal + t, self.off, V)[2] for t in shifts])
