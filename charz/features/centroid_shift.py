"""What the nearest class means say of eval rows, beside what they say of labelled ones.

Formula: with r1 <= r2 the distances of a row to the two nearest class means, for a labelled row
to means without it (as in ``centroid_loo``), its margin is (r2 - r1) / (r2 + r1), 0 where both
are 0 but for rounding. ``margin`` mean over eval rows less mean over labelled rows, in [-1, 1],
below 0 where eval rows lie between classes; ``radius`` ln of the mean r1 of eval rows over that of
labelled rows, in (-inf, inf); ``prior`` total variation between the class shares of the eval rows'
nearest means and of the labels, in [0, 1]; ``entropy`` of these shares, over ln K, in [0, 1]. Means
as near as the nearest, but for rounding, share a row. NaN with fewer than two classes, ``radius``
where a mean r1 is rounding.
Source: Tibshirani et al., PNAS 2002; the change of confidence as a sign of error: Guillory et al.,
Predicting with confidence on unseen distributions, ICCV 2021. Cost: O((n + m) d K).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._centroids import left_out_distances, mean_distances

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("margin", "radius", "prior", "entropy")
TIE = 1e-5
"""Relative difference of distances below which they count as equal."""
SMALL = 1e-3
"""Distance to a mean, in units of `Sample.unit`, that may be rounding."""


def compute(sample: Sample) -> dict[str, float]:
    """Return the changes of margin and radius, the change of prior, and its entropy.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [2], [8], [10]], [0, 0, 1, 1]
    >>> found = compute(Sample(X, y, [[1], [3], [5]]))
    >>> round(found["margin"], 3), round(found["prior"], 3)
    (-0.096, 0.333)
    """
    if len(sample.present) < 2:
        return dict.fromkeys(OUTPUTS, math.nan)
    distances = np.sqrt(mean_distances(sample, sample.eval_points), dtype=np.float64)
    own = np.sqrt(left_out_distances(sample), dtype=np.float64)
    shares = _nearest(distances).mean(axis=0)
    nearest, own_nearest = (float(d.min(axis=1).mean()) for d in (distances, own))
    positive = shares[shares > 0]
    entropy = -float(positive @ np.log(positive)) / math.log(sample.n_classes)
    gap = float(np.abs(shares - sample.class_counts / sample.n_train).sum()) / 2
    defined = nearest > SMALL and SMALL < own_nearest < math.inf
    return {
        "margin": float(_margins(distances).mean() - _margins(own).mean()),
        "radius": math.log(nearest / own_nearest) if defined else math.nan,
        "prior": min(gap, 1.0),
        "entropy": min(max(entropy, 0.0), 1.0),
    }


def _nearest(distances: Floats) -> Floats:
    """Return how each row is shared by the means nearest to it, (n, n_classes)."""
    told = np.maximum(distances, SMALL)
    won = told <= told.min(axis=1, keepdims=True) * (1 + TIE)
    shared: Floats = won / won.sum(axis=1, keepdims=True)
    return shared


def _margins(distances: Floats) -> Floats:
    """Return (r2 - r1) / (r2 + r1) of each row; 1 where there is no second mean."""
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    both = np.isfinite(second) & (second > SMALL)
    gap = np.subtract(second, first, where=both, out=np.zeros_like(first))
    margins: Floats = gap / np.add(second, first, where=both, out=np.ones_like(first))
    margins[np.isinf(second) & np.isfinite(first)] = 1.0
    return margins
