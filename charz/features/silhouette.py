"""Mean silhouette of the labelled classes.

Formula: mean_i (b_i - a_i) / max(a_i, b_i), a_i the mean distance to the rest of the own class, b_i
the least mean distance to another class; 0 for a class of one; in [-1, 1]; NaN unless
2 <= classes < n. Beyond 2,048 rows the mean is over an even choice of i; distances are to all.
Source: Rousseeuw, Silhouettes, 1987, section 2. Cost: O(n K) after the shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the mean silhouette.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [1], [10], [11]], [0, 0, 1, 1], [[0]])), 9)
    0.899749373
    """
    k = len(sample.present)
    if not 2 <= k < sample.n_train:
        return math.nan
    sums = sample.near.sums[:, sample.present]
    counts = sample.class_counts[sample.present]
    rows = np.arange(len(sums))
    own = np.searchsorted(sample.present, sample.y_train[sample.asking])
    a = sums[rows, own] / np.maximum(counts[own] - 1, 1)
    others = sums / counts
    others[rows, own] = np.inf
    b = others.min(axis=1)
    larger = np.maximum(a, b)
    defined = (counts[own] > 1) & (larger > 0)
    scores = np.where(defined, (b - a) / np.where(larger > 0, larger, 1), 0)
    return float(scores.mean())
