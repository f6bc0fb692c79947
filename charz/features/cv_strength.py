"""The strength of penalty that cross-validation chose for the deployed probe.

Formula: log10 C; in [-2, 3] for the grid of ``logistic``: small where rows are noisy or few, large
where classes come apart; NaN for one class, where nothing is chosen.
Source: the choice is that of Stone, Cross-validatory choice, 1974. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the decimal logarithm of C.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> compute(Sample(X, y, [[1]]))
    3.0
    """
    chosen = sample.head.chosen
    return math.nan if chosen is None else math.log10(chosen)
