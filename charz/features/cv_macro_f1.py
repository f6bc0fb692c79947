"""Macro-F1 of the deployed probe, out of fold.

Formula: mean_c 2 TP_c / (2 TP_c + FP_c + FN_c) over the classes present or predicted, each row
answered by the fold that did not see it; in [0, 1]; NaN where there were no folds.
Source: Opitz and Burst, Macro F1 and macro F1, 2019; cross-validation: Stone, 1974. Cost: the
shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.metrics import measure

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the macro-F1.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> compute(Sample(X, y, [[1], [4], [8]]))
    1.0
    """
    P = sample.head.cv_probabilities
    return math.nan if P is None else measure(P, sample.y_train)["macro_f1"]
