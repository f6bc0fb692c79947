"""Confidence-based performance estimation, calibrated where the eval rows are.

Formula: as ``cbpe``, with every out-of-fold row counting w_i times in Platt's fit, w as in
``iw_cv``; NaN with fewer than two classes.
Source: Bialek et al., Estimating model performance under covariate shift without labels (arXiv
2401.08348), PAPE, with Platt's two parameters for the calibrator. Cost: as ``iw_cv``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, confidence
from charz.estimators._weights import density_ratio
from charz.estimators.cbpe import expected, logit, platt

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the expected accuracy on the eval rows."""
    known = answers(sample)
    if known is None:
        return math.nan
    weights = sample.once(density_ratio)
    a, b = platt(logit(confidence(known.source)), known.right, weights)
    return expected(a, b, confidence(known.target))
