"""Agreement on the eval rows of two heads trained on disjoint halves.

Formula: mean_t [argmax p1_t = argmax p2_t], p1 and p2 logistic heads at the deployed C, each
trained on half of every class; NaN where a half has fewer than two classes. A linear head is
convex, so a second random start would be the same head: disjoint rows are what makes two
independent ones, and the number tells of heads trained on n/2 rows. Halves are dealt by a
hash of the rows' contents: the order of rows does not matter.
Source: Jiang et al., Assessing generalization of SGD via disagreement, ICLR 2022; disjoint
halves: Nakkiran and Bansal 2020. Cost: two fits of half the size.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from charz.probes import logistic
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the share of eval rows on which both heads agree."""
    drawn = halves(sample.X_train, sample.y_train)
    if any(len(np.unique(draw.labels)) < 2 for draw in drawn):
        return math.nan
    fits = logistic.predict(
        sample.X_train, drawn, [sample.X_eval], sample.n_classes,
        C=(sample.head.chosen or 1.0,), folds=0,
    )  # fmt: skip
    first, second = (fit.probabilities[0].argmax(axis=1) for fit in fits)
    return float((first == second).mean())


def halves(X: Floats, y: Ints) -> list[Draw]:
    """Return two disjoint draws that share out every class as evenly as can be.

    >>> [draw.labels.tolist() for draw in halves(np.eye(4), np.array([0, 1, 0, 1]))]
    [[0, 1], [0, 1]]
    """
    contents = [blake2b(row.tobytes(), digest_size=8).digest() for row in X]
    order = np.array(sorted(range(len(y)), key=lambda i: (y[i], contents[i])), dtype=np.int64)
    return [Draw(order[part::2], y[order[part::2]]) for part in (0, 1)]
