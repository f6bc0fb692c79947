"""Difference of confidences between eval rows and training rows weighted to be like them.

Formula: A - (Q - mean_t max p), clipped to [0, 1], A = sum_i w_i right_i / sum_i w_i and Q =
sum_i w_i max p_i / sum_i w_i out of fold, w as in ``iw_cv``: ``doc`` for what weights leave of the
shift; NaN with fewer than two classes.
Source: Guillory et al., ICCV 2021, with the weights of Sugiyama et al., JMLR 2007. Cost: as
``iw_cv``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, confidence, share
from charz.estimators._weights import density_ratio

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the weighted accuracy corrected by the difference of confidences."""
    known = answers(sample)
    if known is None:
        return math.nan
    weights = sample.once(density_ratio)
    overconfident = confidence(known.source) - known.right
    shift = float(weights @ overconfident) / float(weights.sum())
    return share(float(confidence(known.target).mean()) - shift)
