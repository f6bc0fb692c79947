"""Average thresholded confidence with the gap between the two likeliest classes as the score.

Formula: share_t(s >= c) with s = p(1st) - p(2nd) and c as in ``atc``; NaN with fewer than two
classes. For two classes the same number as ``atc``. Source: Garg et al., ICLR 2022 (arXiv
2201.04234), with the margin of Scheffer, Decomain and Wrobel, 2001. Cost: the shared fit.
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
    return share_above(_margin(known.source), known.right, _margin(known.target))


def _margin(P: Floats) -> Floats:
    """Return the largest less the second largest probability of each row."""
    top = np.partition(P, -2, axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0], dtype=np.float64)
