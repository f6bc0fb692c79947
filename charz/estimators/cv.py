"""Out-of-fold accuracy of the deployed probe: the bar for same-domain eval rows.

Formula: mean_i [argmax_c p_i(c) = y_i], p_i by the fold that did not see row i, at the C that
cross-validation chose. Knows nothing of the eval rows; NaN with fewer than two classes.
Source: Stone, Cross-validatory choice, 1974. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the out-of-fold accuracy.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0.5]]))
    1.0
    """
    known = answers(sample)
    return math.nan if known is None else known.accuracy
