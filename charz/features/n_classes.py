"""Number of classes of the task, drawn or not.

Formula: K, in [1, inf). Cost: none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (1, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the count.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0, 1], [2, 1]], [0, 1], [[1, 1]]))
    2.0
    """
    return float(sample.n_classes)
