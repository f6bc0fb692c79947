"""Solves with T + t I, T symmetric, tridiagonal and positive semidefinite, for many shifts t.

With T + t I = L D L^T, L unit lower bidiagonal, v^T (T + t I)^-1 v is the sum of w_j^2 / D_j with
L w = v: every term is positive, so that nothing cancels, and one shift costs as much as T has
rows. Numba compiles the recurrences; where it cannot, NumPy runs them over all columns at once.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from charz.records import Floats


def forms(diagonal: Floats, off: Floats, V: Floats, shifts: Floats) -> tuple[Floats, Floats]:
    """Return ln det(T + t I) and the forms of a few vectors under (T + t I)^-1, for many shifts.

    Parameters
    ----------
    diagonal, off : float array (r,), (r - 1,)
        The tridiagonal matrix T.
    V : float array (r, v)
        Vectors, the first of which every other one is paired with.
    shifts : float array (g,)
        Positive shifts t.

    Returns
    -------
    logdet : float array (g,)
    forms : float array (2, v, g)
        v^T (T + t I)^-1 v of each column, and that of each with the first.

    Examples
    --------
    >>> import numpy as np
    >>> logdet, found = forms(np.array([1.0, 3.0]), np.array([0.0]), np.eye(2), np.array([1.0]))
    >>> round(float(np.exp(logdet[0])), 9), found[:, :, 0].tolist()
    (8.0, [[0.5, 0.25], [0.5, 0.0]])
    """
    answer: tuple[Floats, Floats] = _compiled().forms(diagonal, off, V, shifts)
    return answer


def norms(diagonal: Floats, off: Floats, V: Floats, shifts: Floats) -> Floats:
    """Return v^T (T + t I)^-1 v of every column of ``V`` (r, n) for a few shifts, (g, n).

    In the precision of ``V``.

    >>> import numpy as np
    >>> norms(np.array([1.0, 3.0]), np.array([0.0]), np.eye(2), np.array([1.0])).tolist()
    [[0.5, 0.25]]
    """
    machine = _compiled()
    pivots, ratios = machine.pivots(diagonal, off, shifts)
    inverse = (1 / pivots).astype(V.dtype)
    answer: Floats = machine.norms(ratios.astype(V.dtype), inverse, V)
    return answer


@cache
def _compiled() -> ModuleType:
    """Return the recurrences: compiled, or NumPy's without Numba or a place for its code."""
    try:
        from charz.tridiagonal import _recurrences
    except (ImportError, RuntimeError):
        from charz.tridiagonal import _stepwise

        return _stepwise
    return _recurrences
