"""Average thresholded confidence: the share of eval rows above a threshold learned out of fold.

Formula: share_t(s >= c) with s = max_c p(c) and c the smallest out-of-fold score such that
share_s(s < c) = 1 - accuracy_s; NaN with fewer than two classes. For two classes any score
that grows with confidence gives the same number.
Source: Garg et al., ICLR 2022 (arXiv 2201.04234), equations 2 and 3. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, confidence

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the share of eval rows that count as right."""
    known = answers(sample)
    if known is None:
        return math.nan
    return share_above(confidence(known.source), known.right, confidence(known.target))


def share_above(source: Floats, right: np.ndarray, target: Floats) -> float:
    """Return the share of target scores at or above the threshold that the source sets.

    As many source scores lie below the threshold as source rows are wrong; where scores tie
    at it, fewer. Scores within 1e-9 of the threshold count as at it. With no source row
    right no threshold is high enough, and the answer is 0.

    >>> share_above(np.array([0.5, 0.6, 0.9]), np.array([True, False, True]), np.array([0.55, 0.7]))
    0.5
    """
    n_wrong = int((~right).sum())
    if n_wrong == len(right):
        return 0.0
    threshold = np.sort(source)[n_wrong] if n_wrong else -np.inf
    return float((target >= threshold - 1e-9).mean())
