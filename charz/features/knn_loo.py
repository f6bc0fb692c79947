"""Leave-one-out accuracy of nearest neighbours, k = 1 and k = 5.

Formula: mean_i [y_i is the class with most votes among the k nearest other rows]; rows tied
with the k-th vote too, classes tied for the most votes share the credit; in [0, 1]; NaN for
one row. With n <= 5 all others vote.
Source: Cover and Hart, Nearest neighbor pattern classification, 1967. Cost: O(n^2) after the
shared distances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.features._votes import credit, neighbour_votes

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("k1", "k5")


def compute(sample: Sample) -> dict[str, float]:
    """Return the accuracies of one and of five neighbours.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    {'k1': 1.0, 'k5': 0.0}
    """
    return {f"k{k}": _accuracy(sample, k) for k in (1, 5)}


def _accuracy(sample: Sample, k: int) -> float:
    others = sample.n_train - 1
    if not others:
        return math.nan
    votes = neighbour_votes(sample.train_distances, sample.one_hot, min(k, others))
    return float(credit(votes, sample.y_train).mean())
