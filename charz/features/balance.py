"""How evenly the labels spread over the classes: normalised entropy.

Formula: -sum_c p_c ln p_c / ln K with p_c the share of class c among the labels, K the classes
of the task; in [0, 1], 1 when even; NaN for K = 1.
Source: Shannon, A mathematical theory of communication, 1948, section 6 (relative entropy).
Cost: O(K).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the normalised entropy of the labels.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2], [3]], [0, 0, 1, 1], [[0]]))
    1.0
    """
    if sample.n_classes < 2:
        return math.nan
    shares = sample.class_counts[sample.present] / sample.n_train
    entropy = -float(shares @ np.log(shares)) / math.log(sample.n_classes)
    return min(max(entropy, 0.0), 1.0)
