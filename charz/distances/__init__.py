"""Squared distances in blocks that stay small, and what nearest rows say.

From `SINGLE_FROM` dimensions on products are taken in single precision. A squared distance then
is off by about 1e-6 of the rows' squared lengths, which are those about the training mean: a
common offset costs nothing. With fewer dimensions, where near rows are much nearer than the
rest, products are cheap and in double precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

    from charz.records import Floats, Ints

SINGLE_FROM = 64
BLOCK = 1 << 18
"""Distances that are worked on together: what stays in a near cache."""
KEPT = 1 << 22
"""Distances that are kept for whoever asks next."""
LONGEST = 1e12
"""What single precision holds the square of, and its inverse, with room for sums."""


@dataclass(frozen=True)
class Points:
    """Rows in the precision of products, (n, d), and their squared lengths, (n,)."""

    rows: Floats
    lengths: Floats

    @classmethod
    def of(cls, rows: Floats, center: Floats, unit: float) -> Points:
        """Take rows (n, d) less ``center`` (d,), in units of ``unit``.

        >>> Points.of(np.array([[4.0, 5.0]]), np.ones(2), 5.0).lengths
        array([1.])
        """
        single = rows.shape[1] >= SINGLE_FROM and 1 / LONGEST < unit < LONGEST
        taken = np.empty(rows.shape, dtype=np.float32 if single else np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            _passes().take(rows, center, 1 / unit, taken)
            lengths = np.einsum("ij,ij->i", taken, taken)
            if single and not float(lengths.sum()) < LONGEST**2:
                taken = (rows - center) / unit
                lengths = np.einsum("ij,ij->i", taken, taken)
        return cls(taken, lengths)

    def __getitem__(self, some: Ints | slice) -> Points:
        return Points(self.rows[some], self.lengths[some])

    @property
    def tie(self) -> float:
        """Relative difference of squared distances below which they count as equal."""
        return 1e-5 if self.rows.dtype == np.float32 else 1e-9


def squared(A: Points, B: Points, floor: float) -> Floats:
    """Return squared distances, (len(A), len(B)); what may be rounding error becomes zero.

    Two rows as near as that are about equally long, so that one row's length sets the limit.

    >>> A = Points.of(np.array([[0.0], [3.0]]), np.zeros(1), 1.0)
    >>> squared(A, A, 0.0).tolist()
    [[0.0, 9.0], [9.0, 0.0]]
    """
    return from_products(A.rows @ B.rows.T, A.lengths, B.lengths, floor)


def from_products(products: Floats, a: Floats, b: Floats, floor: float) -> Floats:
    """Turn inner products of rows of squared lengths ``a`` and ``b`` into squared distances.

    In place; what may be rounding error becomes zero, as in `squared`.
    """
    rounding = 4e-6 if products.dtype == np.float32 else 2e-12
    limits = (rounding * a + floor).astype(products.dtype)
    _passes().finish(products, a, b, limits)
    return products


def spread(lengths: Floats, most: int) -> Ints:
    """Return at most ``most`` row numbers, evenly spaced by length.

    A choice that no order of rows, rotation, translation or scale changes, unless lengths tie.

    >>> spread(np.array([5.0, 1.0, 3.0, 2.0]), 2).tolist()
    [1, 2]
    """
    n = len(lengths)
    if n <= most:
        return np.arange(n)
    order = np.argsort(lengths, kind="stable")
    return order[(np.arange(most) * n) // most]


class Distances:
    """Squared distances from rows to labelled rows, a block of rows at a time.

    Parameters
    ----------
    A, B : Points
        Rows that ask, and labelled rows.
    floor : float
        Squared distance that is rounding error whatever the lengths.
    own : int array (len(A),), optional
        Where the asking rows stand among the labelled ones: to itself a row's distance is
        infinite.
    """

    def __init__(self, A: Points, B: Points, floor: float, own: Ints | None = None) -> None:
        self._A, self._B, self._floor, self.own = A, B, floor, own
        self.tie = max(A.tie, B.tie)
        self._step = max(BLOCK // len(B.rows), 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows that ask, and labelled rows."""
        return len(self._A.rows), len(self._B.rows)

    def __iter__(self) -> Iterator[tuple[slice, Floats]]:
        """Yield blocks of rows with their distances; do not write into them."""
        n = self.shape[0]
        for start in range(0, n, self._step):
            rows = slice(start, min(start + self._step, n))
            yield rows, self._whole[rows] if self._is_kept else self._block(rows)

    @property
    def _is_kept(self) -> bool:
        return self.shape[0] * self.shape[1] <= KEPT

    @cached_property
    def _whole(self) -> Floats:
        n, width = self.shape
        if self._step >= n:
            return self._block(slice(0, n))
        found = np.empty((n, width), dtype=np.result_type(self._A.rows, self._B.rows))
        is_own = self._A.rows is self._B.rows
        for start in range(0, n, self._step):
            rows = slice(start, min(start + self._step, n))
            if is_own:  # what lies below the diagonal is what lies above it
                found[rows, start:] = squared(self._A[rows], self._B[start:], self._floor)
                found[rows.stop :, rows] = found[rows, rows.stop :].T
            else:
                found[rows] = squared(self._A[rows], self._B, self._floor)
        if self.own is not None:
            found[np.arange(n), self.own] = np.inf
        return found

    def _block(self, rows: slice) -> Floats:
        whole = rows.stop - rows.start == self.shape[0]
        found = squared(self._A if whole else self._A[rows], self._B, self._floor)
        if self.own is not None:
            found[np.arange(len(found)), self.own[rows]] = np.inf
        return found

    def roots(self, rows: slice, block: Floats) -> Floats:
        """Return a block's distances, not squared, of a row to itself 0."""
        found: Floats = np.sqrt(block)
        if self.own is not None:
            found[np.arange(len(found)), self.own[rows]] = 0
        return found

    def some(self, rows: Ints, columns: Ints) -> Floats:
        """Return the distances of some rows to some labelled rows, (len(rows), len(columns)).

        Do not write into them. A choice of as many as there are is that of all, in order.
        """
        if not self._is_kept:
            return squared(self._A[rows], self._B[columns], self._floor)
        found = self._whole if len(rows) == self.shape[0] else self._whole[rows]
        return found if len(columns) == self.shape[1] else found[:, columns]


@dataclass(frozen=True)
class Near:
    """What labelled rows near to each asking row say.

    Attributes
    ----------
    nearest : float array (n,)
        Squared distance to the nearest one.
    votes : dict of int to float array (n, n_classes)
        Votes for each class of the k nearest. Every row no farther than the k-th nearest votes,
        so that ties at the edge all count.
    edges : dict of int to float array (n,)
        Squared distance up to which rows are among the k nearest.
    sums : float array (n, n_classes)
        Sums of distances, not squared, to the labelled rows of each class; empty unless asked for.
    """

    nearest: Floats
    votes: dict[int, Floats]
    edges: dict[int, Floats]
    sums: Floats


def near(
    distances: Distances, one_hot: Floats, ks: tuple[int, ...] = (), sums: bool = False
) -> Near:
    """Go through all distances once.

    Parameters
    ----------
    distances : Distances
    one_hot : float array (n_labelled, n_classes)
    ks : tuple of int
        Numbers of neighbours; where there are fewer, all vote.
    sums : bool
        Whether to sum distances by class.
    """
    n, width = distances.shape
    others = width - (distances.own is not None)
    found = Near(
        np.empty(n),
        {k: np.zeros((n, one_hot.shape[1])) for k in ks if others},
        {k: np.empty(n) for k in ks if others},
        np.empty((n, one_hot.shape[1]) if sums else (0, 0)),
    )
    codes = one_hot.argmax(axis=1)
    for rows, block in distances:
        found.nearest[rows] = nearest = block.min(axis=1)
        for k, votes in found.votes.items():
            radius = nearest if k == 1 else _passes().kth(block, min(k, others))
            found.edges[k][rows] = edges = radius * block.dtype.type(1 + distances.tie)
            votes[rows] = _passes().count(block, edges, codes, one_hot.shape[1])
        if sums:
            found.sums[rows] = distances.roots(rows, block) @ one_hot.astype(block.dtype)
    return found


def smallest_two(block: Floats) -> Floats:
    """Return the least and the second least value of every row, (n, 2).

    >>> smallest_two(np.array([[3.0, 1.0, 2.0], [5.0, 5.0, 7.0]])).tolist()
    [[1.0, 2.0], [5.0, 5.0]]
    """
    return np.column_stack([block.min(axis=1), _passes().kth(block, 2)])


@cache
def _passes() -> ModuleType:
    """Return the passes over a block: compiled, or NumPy's without Numba or a place for code."""
    try:
        from charz.distances import _compiled
    except (ImportError, RuntimeError):
        from charz.distances import _plain

        return _plain
    return _compiled
