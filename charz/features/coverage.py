"""Share of eval rows that lie as near to a labelled row as labelled rows lie to each other.

Formula: mean_i [min_j |z_i - x_j| <= r], r the 95% quantile (the order statistic of rank
ceil(0.95 n)) of the distance from a labelled row to its nearest other; in [0, 1]; NaN for one row.
Source: the manifold radius of Kynkaanniemi et al., Improved precision and recall, NeurIPS 2019,
equation 1, with one radius for all. Of more than 2,048 labelled rows an even choice sets r. Cost:
O(n + m) after the shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the share of eval rows within the radius.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2]], [0, 1, 0], [[2.5], [1], [9], [-1]]))
    0.75
    """
    if sample.n_train < 2:
        return math.nan
    nearest = np.sort(sample.near.nearest)
    radius = nearest[math.ceil(0.95 * len(nearest)) - 1] * (1 + sample.eval_distances.tie)
    return float((sample.eval_near.nearest <= radius).mean())
