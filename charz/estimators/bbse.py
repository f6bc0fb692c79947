"""Out-of-fold recall of each class, weighted by how often the class is thought to occur in eval.

Formula: sum_c q(c) r(c), r(c) the out-of-fold recall of class c and q the class shares of the eval
rows as in ``prior_shift``; NaN with fewer than two classes. Right where classes occur more or less
often but look the same.
Source: Lipton, Wang and Smola, Detecting and correcting for label shift with black box
predictors, ICML 2018. Cost: O((n + m) K + K^3) after the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, share
from charz.features import prior_shift

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the weighted recall.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0.1], [1.1]]))
    1.0
    """
    known = answers(sample)
    if known is None:
        return math.nan
    counts = sample.class_counts[sample.present]
    hits = np.bincount(sample.y_train, weights=known.right, minlength=sample.n_classes)
    return share(float(sample.once(prior_shift.shares) @ (hits[sample.present] / counts)))
