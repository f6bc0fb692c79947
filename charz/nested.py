"""Heads trained on parts of a training sample, and what they score on the rest of it.

The rows stand in an order in which every stretch has about the shares of classes of the whole.
An *arrangement* is that order begun at another place, or read backwards. Of each, the head is
trained on the first 1/2, 1/4, 1/8 ... of the rows; one Cholesky factor holds all of these.

The head is ridge regression of one-hot labels less 1/K, on the rows less their common mean in
units of `Labelled.unit` and one constant column, so that the kernel is x . x' + 1. Its penalty
is the one that leave-one-out finds best for all rows, at least 0.01: what fewer rows cost is then
not mixed with the choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.labelled import Labelled
    from charz.records import Floats, Ints

FEW = 256
"""Rows up to which there are four arrangements; two halves of more rows tell enough."""
SMALLEST = 0.01
"""Penalty, in squares of `Labelled.unit`, that is far above rounding."""
LEAST = 2
"""Rows of the smallest stretch."""


@dataclass(frozen=True)
class Part:
    """A head trained on the first rows of an arrangement.

    Attributes
    ----------
    size : int
        Rows that it was trained on.
    scores : float array (n_rows - size, n_classes)
        Its scores of all rows that follow, in order.
    labels : int array (n_rows - size,)
    """

    size: int
    scores: Floats
    labels: Ints


def deal(places: Ints, y: Ints) -> Ints:
    """Return an order of rows (n,) whose every stretch has about the shares of classes of all.

    Within a class the order is that of ``places``, see `charz.labelled.Labelled`.

    >>> y = np.array([0, 0, 0, 0, 1, 1])
    >>> y[deal(np.arange(6), y)].tolist()
    [0, 1, 0, 0, 1, 0]
    """
    order = np.lexsort((places, y))
    counts = np.bincount(y)
    starts = np.cumsum(counts) - counts
    depth = np.empty(len(y))
    depth[order] = (np.arange(len(y)) - starts[y[order]] + 0.5) / counts[y[order]]
    return np.lexsort((y, places, depth))


class Nested:
    """The heads of one training sample, at most `MOST_COMPARED` rows of it.

    Parameters
    ----------
    labelled : Labelled
        With at least two classes and rows that differ.

    Examples
    --------
    >>> from charz.labelled import Labelled
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [7.0], [8.0], [9.0], [10.0]])
    >>> nested = Nested(Labelled(X, np.repeat([0, 1], 4), 2))
    >>> parts = nested.arrangements[0]
    >>> [part.size for part in parts], (parts[0].scores.argmax(axis=1) == parts[0].labels).all()
    ([4, 2], np.True_)
    """

    def __init__(self, labelled: Labelled) -> None:
        self._labelled = labelled
        self.labels = labelled.y_train[labelled.compared]
        self.penalty = max(labelled.left_out.penalty, SMALLEST)

    @property
    def n_rows(self) -> int:
        """Rows that take part."""
        return len(self.labels)

    @cached_property
    def orders(self) -> list[Ints]:
        """The arrangements, each an order of the rows `Labelled.compared`."""
        first = deal(self._labelled.places[self._labelled.compared], self.labels)
        n = self.n_rows
        forward = [first] if n > FEW else [first, np.roll(first, -(n // 2) // 2)]
        return [order[::step] for order in forward for step in (1, -1)]

    @cached_property
    def arrangements(self) -> list[list[Part]]:
        """The heads of each arrangement, the one of most rows first; empty for few rows."""
        kernel = self._kernel()
        return [list(self._parts(kernel, order)) for order in self.orders]

    def _kernel(self) -> Floats:
        squared = self._labelled.among.copy()
        np.fill_diagonal(squared, 0)
        lengths = self._labelled.points.lengths[self._labelled.compared]
        squared *= -0.5
        squared += lengths / 2 + 1
        squared += lengths[:, None] / 2
        return squared

    def _parts(self, kernel: Floats, order: Ints) -> Iterator[Part]:
        from scipy.linalg import lapack

        half, labels = self.n_rows // 2, self.labels[order]
        if half < LEAST:
            return
        K = kernel[order[:half]].take(order, axis=1)
        targets = np.eye(self._labelled.n_classes, dtype=K.dtype)[labels[:half]]
        targets -= targets.dtype.type(1 / self._labelled.n_classes)
        single = K.dtype == np.float32
        potrf = lapack.spotrf if single else lapack.dpotrf
        potrs = lapack.spotrs if single else lapack.dpotrs
        inner = K[:, :half].copy()
        inner.ravel()[:: half + 1] += self.penalty
        factor, failed = potrf(inner.T, lower=True, overwrite_a=True, clean=False)
        size = 0 if failed else half
        while size >= LEAST:
            weights, _ = potrs(np.asfortranarray(factor[:size, :size]), targets[:size], lower=True)
            scores = (K[:size, size:].T @ weights).astype(np.float64)
            yield Part(size, scores, labels[size:])
            size //= 2
