"""Margin of the deployed probe, out of fold.

Formula: mean_i [p_i(y_i) - max_{c != y_i} p_i(c)], p_i the probabilities of the folds that did
not see row i at the chosen C; in [-1, 1]; NaN where there were no folds or one class.
Source: Schapire et al., Boosting the margin, 1998, section 2. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the mean margin of the true class.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.974
    """
    P = sample.head.cv_probabilities
    if P is None or sample.n_classes < 2:
        return math.nan
    others = np.where(sample.one_hot > 0, -np.inf, P).max(axis=1)
    return float((P[np.arange(sample.n_train), sample.y_train] - others).mean())
