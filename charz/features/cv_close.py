"""Share of rows that the deployed probe nearly gets right or nearly gets wrong, out of fold.

Formula: mean_i [|p_i(y_i) - max_{c != y_i} p_i(c)| <= 0.2], p_i the probabilities of the folds
that did not see row i at the chosen C; in [0, 1]; NaN where there were no folds or one class. It
bounds how much of the accuracy a slightly different probe can move.
Source: margins: Schapire et al., Boosting the margin, 1998, section 2. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()
BAND = 0.2


def compute(sample: Sample) -> float:
    """Return the share of rows with a small margin of either sign.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> compute(Sample(X, y, [[1]]))
    0.0
    """
    P = sample.head.cv_probabilities
    if P is None or sample.n_classes < 2:
        return math.nan
    others = np.where(sample.one_hot > 0, -np.inf, P).max(axis=1)
    margins = P[np.arange(sample.n_train), sample.y_train] - others
    return float((np.abs(margins) <= BAND).mean())
