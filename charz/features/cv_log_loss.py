"""Log-loss of the deployed probe, out of fold.

Formula: -mean_i ln p_i(y_i), natural logarithm, p_i the probabilities of the folds that did not
see row i at the chosen C, at least 2.2e-16; in [0, 36.05]; NaN where there were no folds.
Source: Good, Rational decisions, 1952; cross-validation: Stone, 1974. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.metrics import log_loss

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 36.05)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the log-loss in nats.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.013
    """
    P = sample.head.cv_probabilities
    return math.nan if P is None else log_loss(P, sample.y_train)
