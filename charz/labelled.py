"""The labelled half of a sample, with the costly things computed once.

Whoever asks first pays: the Gram matrix and its one factorisation, leverages, distances and
neighbours are kept, and every closed-form feature is made of them.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import Distances, Near, Points, near, spread, squared
from charz.factor import Factor
from charz.nested import Nested
from charz.ridge import PENALTIES, LeftOut

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MOST_ASKING = 2048
"""Training rows, at most, whose neighbours are looked for."""
MOST_COMPARED = 1024
"""Training rows, at most, of which all pairs count."""

MOST_AXES = 32
"""Principal axes, at most, in which classes are described."""


class Labelled:
    """Training rows in an embedding space, and their labels.

    Parameters
    ----------
    X_train : float array (n_train, n_dims)
    y_train : int array (n_train,)
        Class codes in ``range(n_classes)``.
    n_classes : int

    Examples
    --------
    >>> labelled = Labelled(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([0, 1]), 2)
    >>> labelled.unit, labelled.factor.values.tolist()
    (1.0, [2.0, 0.0])
    """

    def __init__(self, X_train: Floats, y_train: Ints, n_classes: int) -> None:
        self.X_train, self.y_train, self.n_classes = X_train, y_train, n_classes

    @property
    def n_train(self) -> int:
        """Number of labelled rows."""
        return len(self.X_train)

    @property
    def n_dims(self) -> int:
        """Number of embedding dimensions."""
        return int(self.X_train.shape[1])

    @cached_property
    def class_counts(self) -> Ints:
        """Labelled rows per class, (n_classes,)."""
        return np.bincount(self.y_train, minlength=self.n_classes)

    @cached_property
    def present(self) -> Ints:
        """Codes of the classes with at least one labelled row."""
        return np.flatnonzero(self.class_counts)

    @cached_property
    def one_hot(self) -> Floats:
        """Indicator matrix of the labels, (n_train, n_classes)."""
        return np.eye(self.n_classes)[self.y_train]

    @cached_property
    def mean(self) -> Floats:
        """Mean of the training rows, (n_dims,)."""
        mean: Floats = self.X_train.mean(axis=0)
        return mean

    @cached_property
    def centered(self) -> Floats:
        """Training rows less their mean, (n_train, n_dims); exact zeros in constant columns."""
        moved: Floats = self.X_train - self.X_train[0]
        moved -= moved.mean(axis=0)
        return moved

    @cached_property
    def norms(self) -> Floats:
        """Squared lengths of the training rows, (n_train,)."""
        squares: Floats = np.einsum("ij,ij->i", self.X_train, self.X_train)
        return squares

    @cached_property
    def lengths(self) -> Floats:
        """Squared lengths of the centred training rows, (n_train,)."""
        squares: Floats = np.einsum("ij,ij->i", self.centered, self.centered)
        return squares

    @cached_property
    def places(self) -> Ints:
        """Each row's place in a shuffle, (n_train,), that hangs on its length.

        Rows in another order, or turned, moved or stretched together, keep theirs: what is dealt
        by places does not change with them. Of rows of one length, as on a lattice, a hash of
        their values decides: then only their order is without effect.
        """
        lengths = np.round(self.lengths / (self.lengths.max() or 1.0), 9)
        rank = np.empty(self.n_train, dtype=np.int64)
        rank[np.lexsort((self.y_train, _hashes(self.X_train), lengths))] = np.arange(self.n_train)
        shuffle: Ints = np.random.Generator(np.random.PCG64(0)).permutation(self.n_train)[rank]
        return shuffle

    @cached_property
    def scatter(self) -> float:
        """Sum of the squared lengths of the centred training rows."""
        return float(self.lengths.sum())

    @cached_property
    def noise(self) -> float:
        """Squared length below which a vector is rounding error, from the rows' mean square."""
        return 1e-18 * float(self.norms.sum()) / self.n_train

    @cached_property
    def class_offsets(self) -> Floats:
        """Mean row per class less the mean of all, (n_classes, n_dims); zeros where absent."""
        sums: Floats = self.one_hot.T @ self.centered
        return sums / np.maximum(self.class_counts, 1)[:, None]

    @cached_property
    def class_means(self) -> Floats:
        """Mean row per class, (n_classes, n_dims); zeros where a class is absent."""
        sums: Floats = self.one_hot.T @ self.X_train
        return sums / np.maximum(self.class_counts, 1)[:, None]

    @cached_property
    def is_wide(self) -> bool:
        """Whether `gram` is that of the rows: there are no more of them than dimensions."""
        return self.n_train <= self.n_dims

    def gram(self) -> Floats:
        """Return the smaller Gram matrix of the centred training rows over `unit`, (r, r).

        X X^T, (n_train, n_train), where rows are few (`is_wide`), X^T X, (n_dims, n_dims), else.
        """
        X = self.centered
        product: Floats = X @ X.T if self.is_wide else X.T @ X
        product /= self.unit**2
        return product

    @cached_property
    def factor(self) -> Factor:
        """The one factorisation, of `gram`, that all closed forms share."""
        return Factor.of(self.gram())

    @cached_property
    def principal(self) -> Floats:
        """Centred training rows over `unit` in their first principal axes, (n_train, axes).

        At most `MOST_AXES`, by falling variance, each of which is more than rounding; none where
        all rows are the same.
        """
        if self.scatter <= self.noise * self.n_train:
            return np.empty((self.n_train, 0))
        values, axes = self.factor.leading(MOST_AXES)
        kept = values > 1e-10 * values[0]
        axes = axes[:, kept] * np.sqrt(values[kept]) if self.is_wide else axes[:, kept] / self.unit
        scores: Floats = axes if self.is_wide else self.centered @ axes
        return scores

    @cached_property
    def turned_labels(self) -> Floats:
        """Centred labels in the coordinates of `factor`, (r, n_classes).

        Q^T Y where rows are few, Q^T X^T Y with X over `unit` else.
        """
        if self.is_wide:
            return self.factor.turn(self.one_hot - self.class_counts / self.n_train)
        return self.factor.turn(self.class_offsets.T * (self.class_counts / self.unit))

    @cached_property
    def turned_rows(self) -> Floats:
        """Training rows in the coordinates of `factor`, (r, n_train).

        Q^T where rows are few, Q^T X^T over `unit`, in the precision of products, else.
        """
        if self.is_wide:
            return self.factor.axes.T
        return self.turned(self.points)

    def turned(self, points: Points) -> Floats:
        """Return rows in the coordinates of a `factor` that is not wide, (n_dims, n)."""
        turned: Floats = self.factor.axes.T.astype(points.rows.dtype) @ points.rows.T
        return turned

    @cached_property
    def left(self) -> Floats:
        """What ridge regression with a free intercept leaves of each row, (penalties, n_train).

        1 - h_i, h_i the row's leverage, 1/n of the intercept included, for `PENALTIES`.
        """
        norms = self.factor.norms(self.turned_rows, np.array(PENALTIES))
        if self.is_wide:
            return np.array(PENALTIES)[:, None] * norms - 1 / self.n_train
        return 1 - norms.astype(np.float64) - 1 / self.n_train

    @cached_property
    def left_out(self) -> LeftOut:
        """What ridge regression makes of every row without it, at the best of `PENALTIES`."""
        return LeftOut.of(self)

    @cached_property
    def nested(self) -> Nested:
        """Heads trained on halves, quarters ... of the rows `compared`."""
        return Nested(self)

    @cached_property
    def unit(self) -> float:
        """Root mean square length of a centred training row, the unit of distances.

        Where rows are the same but for rounding, what rounding makes of their lengths; else 1.
        """
        return math.sqrt(max(self.scatter / self.n_train, self.noise)) or 1.0

    @cached_property
    def points(self) -> Points:
        """Centred training rows as distances see them."""
        return Points.of(self.centered, np.zeros(self.n_dims), self.unit)

    @cached_property
    def distances(self) -> Distances:
        """Squared distances among training rows, in squares of `unit`.

        From at most `MOST_ASKING` rows, an even choice, to all.
        """
        asking = self.asking
        some = self.points if len(asking) == self.n_train else self.points[asking]
        return Distances(some, self.points, self.floor, own=asking)

    @cached_property
    def asking(self) -> Ints:
        """Training rows whose neighbours are looked for."""
        return spread(self.lengths, MOST_ASKING)

    @cached_property
    def near(self) -> Near:
        """What the other training rows say of each row of `asking`, 1 and 5 nearest voting."""
        return near(self.distances, self.one_hot, (1, 5), sums=True)

    @cached_property
    def compared(self) -> Ints:
        """Training rows that are compared with one another, an even choice."""
        return spread(self.lengths, MOST_COMPARED)

    @cached_property
    def among(self) -> Floats:
        """Squared distances among the rows `compared`, infinite of a row to itself."""
        if len(self.compared) == self.n_train:
            return self.distances.some(self.compared, self.compared)
        points = self.points[self.compared]
        found = squared(points, points, self.floor)
        np.fill_diagonal(found, np.inf)
        return found

    @property
    def floor(self) -> float:
        """Squared distance, in squares of `unit`, that is rounding whatever the rows' lengths."""
        return self.noise / self.unit**2


def _hashes(X: Floats) -> Ints:
    """Return a number per row, uint64 (n,), by the bits of its values: a multilinear hash."""
    odd = np.random.PCG64(0).random_raw(X.shape[1]) | np.uint64(1)
    bits = np.ascontiguousarray(X, dtype=np.float64).view(np.uint64)
    found: Ints = ((bits ^ (bits >> np.uint64(32))) * odd).sum(axis=1, dtype=np.uint64)
    return found
