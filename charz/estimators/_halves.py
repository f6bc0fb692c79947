"""Two heads trained on disjoint halves of a sample, shared by the estimators that ask them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._draws import one_thread
from charz.probes._logistic.coordinates import Pool
from charz.probes._logistic.fit import Plan, fits
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample


@dataclass(frozen=True)
class HalfHead:
    """A logistic head of half of the rows.

    Attributes
    ----------
    rows : int array (n,)
        The training rows that it learned from.
    classes : int array (k,)
        The classes among them, in order.
    weights : float array (k, n_dims + 1)
        With the intercept last; one row for two classes.
    """

    rows: Ints
    classes: Ints
    weights: Floats

    def choices(self, X: Floats) -> Ints:
        """Return the most probable class of each row, (m,)."""
        margins = self.weights[:, :-1] @ X.T + self.weights[:, -1:]
        best = margins.argmax(axis=0) if len(margins) > 1 else (margins[0] > 0).astype(np.int64)
        return np.asarray(self.classes[best])


def half_heads(sample: Sample) -> tuple[HalfHead, HalfHead] | None:
    """Return both heads, at the deployed C; None where a half has fewer than two classes."""
    drawn = halves(sample.places, sample.y_train)
    if any(len(np.unique(draw.labels)) < 2 for draw in drawn):
        return None
    pool, plan = Pool(sample.X_train), Plan((sample.head.chosen or 1.0,), True, n_folds=0)
    with one_thread():
        first, second = (_fitted(pool, draw, plan) for draw in drawn)
    return first, second


def _fitted(pool: Pool, draw: Draw, plan: Plan) -> HalfHead:
    classes, codes = np.unique(draw.labels, return_inverse=True)
    (found,) = fits(pool, draw.rows, codes, len(classes), plan)
    return HalfHead(draw.rows, classes, found.weights)


def left_out(sample: Sample) -> Ints | None:
    """Return the class that the head of the other half chooses for each training row."""
    heads = sample.once_labelled(half_heads)
    if heads is None:
        return None
    found = np.empty(sample.n_train, dtype=np.int64)
    for own, other in (heads, heads[::-1]):
        found[own.rows] = other.choices(sample.X_train[own.rows])
    return found


def halves(places: Ints, y: Ints) -> list[Draw]:
    """Return two disjoint draws that share out every class as evenly as can be.

    Rows of a class are dealt out in turn in the order of their `places`.

    >>> [draw.rows.tolist() for draw in halves(np.array([2, 0, 3, 1]), np.array([0, 1, 0, 1]))]
    [[0, 1], [2, 3]]
    """
    order = np.lexsort((places, y))
    return [Draw(order[part::2], y[order[part::2]]) for part in (0, 1)]
