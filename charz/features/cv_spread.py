"""Standard errors of the deployed probe's out-of-fold accuracy and log-loss.

Formula: ``accuracy`` sqrt(a (1 - a) / n) with a the share of rows that are right; ``log_loss``
sqrt(sum_i (l_i - l)^2 / (n (n - 1))) with l_i = -ln p_i(y_i), p at least 2.2e-16, and l their
mean. p_i are the probabilities of the folds that did not see row i at the chosen C. In [0, 0.5]
and [0, 36.05]; NaN where there were no folds, the second for one row too.
Source: of a binomial share, Wald; of a mean, Student, 1908; for cross-validation, where rows
depend on one another, Bengio and Grandvalet, JMLR 2004. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.metrics import EPSILON

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 36.05)
INVARIANT = frozenset[str]()
OUTPUTS = ("accuracy", "log_loss")


def compute(sample: Sample) -> dict[str, float]:
    """Return both standard errors.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9], [1]], [0, 0, 0, 1, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1]]))["accuracy"], 3)
    0.171
    """
    P, n = sample.head.cv_probabilities, sample.n_train
    if P is None:
        return dict.fromkeys(OUTPUTS, math.nan)
    share = float((P.argmax(axis=1) == sample.y_train).mean())
    own = P[np.arange(n), sample.y_train].astype(np.float64)
    losses = -np.log(np.maximum(own, EPSILON))
    return {
        "accuracy": math.sqrt(share * (1 - share) / n),
        "log_loss": float(losses.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan,
    }
