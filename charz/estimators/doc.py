"""Difference of confidences: out-of-fold accuracy less the fall in confidence.

Formula: accuracy_s - (mean_s max p - mean_t max p), clipped to [0, 1]; NaN with fewer than two
classes. Source: Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021
(DoC, with slope 1). Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, confidence, share

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the accuracy corrected by the difference of confidences."""
    known = answers(sample)
    if known is None:
        return math.nan
    fall = confidence(known.source).mean() - confidence(known.target).mean()
    return share(known.accuracy - float(fall))
