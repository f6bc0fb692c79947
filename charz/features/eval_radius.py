"""How far eval rows lie from labelled rows, in units of the labelled rows' own distances.

Formula: median_i min_j |z_i - x_j| / median_i min_{j != i} |x_i - x_j|; in [0, inf), about 1 in one
domain; NaN for one row or where the median labelled row has a duplicate. Of more than 2,048
labelled rows an even choice is asked for its neighbours, all are theirs.
Source: the distance to the training set as a sign of shift, e.g. Sun et al., Out-of-distribution
detection with deep nearest neighbors, ICML 2022. Cost: O(n + m) after the shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the ratio of median nearest distances.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2]], [0, 1, 0], [[5], [6], [3]]))
    3.0
    """
    if sample.n_train < 2:
        return math.nan
    own = float(np.median(np.sqrt(sample.near.nearest)))
    away = float(np.median(np.sqrt(sample.eval_near.nearest)))
    return away / own if own > 0 else math.nan
