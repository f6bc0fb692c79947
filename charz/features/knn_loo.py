"""Leave-one-out accuracy of nearest neighbours, k = 1 and k = 5.

Formula: mean_i [y_i is the class with most votes among the k nearest other rows]; rows tied
with the k-th vote too, classes tied for the most votes share the credit; in [0, 1]; NaN for
one row. With n <= 5 all others vote. Beyond 2,048 rows the mean is over an even choice of i; all
rows vote.
Source: Cover and Hart, Nearest neighbor pattern classification, 1967. Cost: O(n K) after the
shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.features._votes import credit

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
    if sample.n_train < 2:
        return math.nan
    return float(credit(sample.near.votes[k], sample.y_train[sample.asking]).mean())
