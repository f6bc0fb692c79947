"""Average confidence: what the deployed probe believes of itself on the eval rows.

Formula: mean_t max_c p_t(c), uncalibrated; NaN with fewer than two classes.
Source: Hendrycks and Gimpel, ICLR 2017; as an estimate: Garg et al., Leveraging unlabeled
data to predict out-of-distribution performance, ICLR 2022 (AC). Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, confidence

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the mean confidence on the eval rows."""
    known = answers(sample)
    return math.nan if known is None else float(confidence(known.target).mean())
