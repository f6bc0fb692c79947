"""Two heads trained on disjoint halves of a sample, shared by the estimators that ask them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.probes import logistic
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample


@dataclass(frozen=True)
class Halves:
    """The classes that the two heads choose.

    Attributes
    ----------
    source : int array (n_train,)
        Of training rows, by the head of the other half.
    target : int array (2, n_eval)
    """

    source: Ints
    target: Ints


def half_heads(sample: Sample) -> Halves | None:
    """Return the answers of both heads; None where a half has fewer than two classes."""
    drawn = halves(sample.X_train, sample.y_train)
    if any(len(np.unique(draw.labels)) < 2 for draw in drawn):
        return None
    fits = logistic.predict(
        sample.X_train, drawn, [sample.X_eval, sample.X_train], sample.n_classes,
        C=(sample.head.chosen or 1.0,), folds=0,
    )  # fmt: skip
    found = [[P.argmax(axis=1) for P in fit.probabilities] for fit in fits]
    source = found[1][1]
    source[drawn[1].rows] = found[0][1][drawn[1].rows]
    return Halves(source, np.stack([found[0][0], found[1][0]]))


def halves(X: Floats, y: Ints) -> list[Draw]:
    """Return two disjoint draws that share out every class as evenly as can be.

    Rows of a class are dealt out in turn in the order of a hash of their contents, so that the
    order in which they come does not matter.

    >>> [draw.labels.tolist() for draw in halves(np.eye(4), np.array([0, 1, 0, 1]))]
    [[0, 1], [0, 1]]
    """
    order = np.lexsort((hashes(X), y))
    return [Draw(order[part::2], y[order[part::2]]) for part in (0, 1)]


def hashes(X: Floats) -> Ints:
    """Return a number per row, uint64 (n,), by the bits of its values: a multilinear hash.

    >>> len(set(hashes(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])).tolist()))
    2
    """
    odd = np.random.PCG64(0).random_raw(X.shape[1]) | np.uint64(1)
    bits = np.ascontiguousarray(X, dtype=np.float64).view(np.uint64)
    found: Ints = ((bits ^ (bits >> np.uint64(32))) * odd).sum(axis=1, dtype=np.uint64)
    return found
