"""One sample's problems and their solutions: what both solvers take and give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

TOLERANCE = 1e-6
"""Relative gap to certify for fits on the whole sample."""
SLACK = 5.0
"""Folds only choose C and score held-out rows: a gap five times as wide moves neither. Theirs is
Newton's estimate of the gap, without proof."""
AIM = 0.4
"""Solvers' own estimates stop at this share of what is to be certified."""
NEVER = -1e30
"""Margin of a class without rows: exp of it is 0 in every precision, sums of such are finite."""
SINGLE_UP_TO = 1e5
"""Beyond this C on unit rows the objective drowns in float32 rounding."""
ROUNDS = 4
"""How often a fit that falls short is taken up again in float64, each time to a tenth."""

# Up to this C a fit may start from nothing; higher ones are climbed to by this factor, each
# rung only to this gap.
FREE_START = 1.0
STRIDE = 10.0
RUNG = 1e-3


@dataclass(frozen=True)
class Problem:
    """A sample and the subsets of it to train on: the whole, and all but each fold.

    Each minimises ``sum_i w_i loss(y_i, W z_i + b) + ||W||^2 / (2 C)`` with its row weights w:
    a softmax with K = n_classes margins, or for two classes one sigmoid with K = 1.

    Attributes
    ----------
    Z : float64 array (n, p)
        Centred rows.
    y : int64 array (n,)
        Codes in ``range(n_classes)``, every one of them present.
    n_classes : int
        At least 2.
    fold : int64 array (n,) or None
        Problem 0 is the whole sample, problem 1 + j leaves out the rows of fold j.
    is_triangular : bool
        Whether ``Z[i, j] = 0`` for j > i: products are then cut short.
    """

    Z: Floats
    y: Ints
    n_classes: int
    fold: Ints | None = None
    is_triangular: bool = False

    @cached_property
    def weights(self) -> Floats:
        """0/1 weights of rows in each problem, float64 (Q, n)."""
        return row_weights(self.fold, len(self.y))

    @property
    def n_margins(self) -> int:
        """Margins per row, K."""
        return 1 if self.n_classes == 2 else self.n_classes

    @cached_property
    def intercepts(self) -> Floats:
        """Best intercepts without weights on features, (Q, K); `NEVER` where a class is absent."""
        counts = self.weights @ np.eye(self.n_classes)[self.y]
        with np.errstate(divide="ignore"):
            logs = np.log(counts)
        first = logs[:, :1] if self.n_margins == 1 else logs.max(axis=1, keepdims=True)
        b: Floats = np.clip(logs[:, -self.n_margins :] - first, NEVER, -NEVER)
        return b

    @cached_property
    def dead(self) -> Any:
        """Margins that no row of positive weight can move, bool (Q, K)."""
        return np.abs(self.intercepts) >= -NEVER / 2


def row_weights(fold: Ints | None, n: int) -> Floats:
    """Return 0/1 weights (1 + n_folds, n): all rows, then all but each fold.

    >>> row_weights(np.array([0, 1, 0]), 3)
    array([[1., 1., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """
    if fold is None:
        return np.ones((1, n))
    others = fold != np.arange(fold.max() + 1)[:, None]
    return np.vstack([np.ones((1, n)), others])


@dataclass(frozen=True)
class Stage:
    """All problems solved at one C.

    Attributes
    ----------
    C : float
    V : float64 array (K, p + 1)
        Weights and, last, intercepts of problem 0, the whole sample.
    gap : float
        Certified bound on its relative gap.
    held_out : float array (K, n) or None
        Each row's margins by the fold that left it out; None without folds.
    """

    C: float
    V: Floats
    gap: float
    held_out: Floats | None


def probabilities(M: Floats) -> Floats:
    """Return class probabilities (..., n, n_classes) from margins (..., K, n).

    By softmax, or for one margin by sigmoid.

    >>> probabilities(np.zeros((1, 2))).tolist(), probabilities(np.zeros((4, 1))).tolist()
    ([[0.5, 0.5], [0.5, 0.5]], [[0.25, 0.25, 0.25, 0.25]])
    """
    if M.shape[-2] == 1:
        small = np.exp(-np.abs(M))
        larger = 1 / (1 + small)
        # Not 1 - p, which would lose all digits of a small probability.
        small *= larger
        is_second = M >= 0
        P = np.empty((*M.shape[:-2], M.shape[-1], 2))
        P[..., 0] = np.where(is_second, small, larger)[..., 0, :]
        P[..., 1] = np.where(is_second, larger, small)[..., 0, :]
        return P
    P = M - M.max(axis=-2, keepdims=True)
    np.exp(P, out=P)
    P /= P.sum(axis=-2, keepdims=True)
    return np.ascontiguousarray(np.swapaxes(P, -1, -2))


def ladder(Cs: Sequence[float]) -> Iterator[tuple[float, bool]]:
    """Yield every C with True, and rungs between distant ones, or before a high first, with False.

    From far away the weakest penalties take hundreds of steps or are never reached; from a
    decade away a few dozen.

    >>> list(ladder([0.1, 100]))
    [(0.1, True), (10.0, False), (100, True)]
    """
    last = FREE_START
    for C in Cs:
        while 1.01 * STRIDE * last < C:
            last *= STRIDE
            yield last, False
        yield C, True
        last = max(C, last)


def tolerances(n_problems: int, tol: float, is_wanted: ArrayLike) -> Floats:
    """Return the relative gap wanted of each problem at every C, or rung before one, (S, Q).

    >>> tolerances(2, 1e-6, [True, False]).round(9).tolist()
    [[1e-06, 5e-06], [0.001, 0.001]]
    """
    tols = np.full(n_problems, SLACK * tol)
    tols[0] = tol
    found: Floats = np.where(np.asarray(is_wanted)[:, None], tols, np.maximum(tols, RUNG))
    return found
