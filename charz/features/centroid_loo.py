"""Leave-one-out accuracy of the nearest class mean.

Formula: mean_i [argmin_c |x_i - mu_c| = y_i], where the own mean is taken without x_i:
|x_i - mu_y^(-i)| = |x_i - mu_y| n_y / (n_y - 1); a class of one row is always missed; ties share
the credit; in [0, 1]; NaN for one class.
Source: Tibshirani et al., Nearest shrunken centroids, PNAS 2002, without the shrinkage.
Cost: O(n d K).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.features._centroids import left_out_distances
from charz.features._votes import credit

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the accuracy of nearest means.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    1.0
    """
    if len(sample.present) < 2:
        return math.nan
    distances = left_out_distances(sample)
    # Squared distances come in mean squares of a row: over n, in the scatter of all.
    return float(credit(distances / -sample.n_train, sample.y_train).mean())
