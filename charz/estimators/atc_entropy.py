"""Average thresholded confidence with negative entropy as the score.

Formula: share_t(s >= c) with s = sum_c p(c) ln p(c) and c as in ``atc``; NaN with fewer than
two classes. Source: Garg et al., ICLR 2022 (arXiv 2201.04234), ATC-NE. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers
from charz.estimators.atc import share_above

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the share of eval rows that count as right."""
    known = answers(sample)
    if known is None:
        return math.nan
    return share_above(_negentropy(known.source), known.right, _negentropy(known.target))


def _negentropy(P: Floats) -> Floats:
    """Return sum p ln p of each row, with 0 ln 0 = 0."""
    return np.asarray((P * np.log(np.where(P > 0, P, 1.0))).sum(axis=1), dtype=np.float64)
