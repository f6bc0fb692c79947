"""Importance-weighted cross-validation: out-of-fold accuracy where the eval rows are.

Formula: sum_i w_i [argmax_c p_i(c) = y_i] / sum_i w_i, p_i by the fold that did not see row i, w
the odds of a domain classifier, clipped to [1/10, 10] (`charz.estimators._weights`); NaN with fewer
than two classes. Right where only the rows have moved, not what they mean.
Source: Sugiyama, Krauledat and Mueller, JMLR 2007. Cost: O(n + m) after ``domain_auc`` and the
shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, share
from charz.estimators._weights import density_ratio

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the weighted out-of-fold accuracy.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0.5], [0.6]]))
    1.0
    """
    known = answers(sample)
    if known is None:
        return math.nan
    weights = sample.once(density_ratio)
    return share(float(weights @ known.right) / float(weights.sum()))
