"""Intrinsic dimension of training and of eval rows: TwoNN.

Formula: mu_i the ratio of a row's distances to its second and its first nearest other, sorted, and
F_i = i / N; the slope through the origin of -ln(1 - F_i) on ln mu_i over the first 90% of rows, in
(0, inf). A row that has a duplicate is left out; NaN for fewer than three others or where all mu
are 1. Of many rows those count that ``mmd`` compares: at most 1,024 training rows and as many
eval rows as training rows (at least 128), each side an even choice. From 64 dimensions on,
where distances are in single precision, rows within 0.002 of their length count as duplicates.
Source: Facco et al., Estimating the intrinsic dimension of datasets by a minimal neighborhood
information, Scientific Reports 2017. Cost: one pass over the shared distances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import smallest_two

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("train", "eval")
KEPT = 0.9


def compute(sample: Sample) -> dict[str, float]:
    """Return the dimension of the labelled and of the unlabelled rows.

    >>> from charz.sample import Sample
    >>> X = [[0], [1], [3], [7], [15], [31]]
    >>> found = compute(Sample(X, [0, 1, 0, 1, 0, 1], X[:2]))
    >>> round(found["train"], 3), found["eval"]
    (1.939, nan)
    """
    tie = sample.distances.tie
    return {"train": _slope(sample.among, tie), "eval": _slope(sample.eval_among, tie)}


def _slope(squared: Floats, tie: float) -> float:
    if len(squared) < 3:
        return math.nan
    first, second = smallest_two(squared).T.astype(np.float64)
    ratios = np.sort(second[first > 0] / first[first > 0])
    n = len(ratios)
    if n < 3:
        return math.nan
    kept = int(KEPT * n)
    x = np.log(np.where(ratios > 1 + tie, ratios, 1.0))[:kept] / 2
    y = -np.log1p(-np.arange(1, kept + 1) / n)
    squares = float(x @ x)
    return float(x @ y) / squares if squares > 0 else math.nan
