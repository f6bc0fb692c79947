"""Anisotropy: mean cosine between two training rows.

Formula: (|sum_i u_i|^2 - sum_i |u_i|^2) / (n (n - 1)), u_i = x_i / |x_i| (0 for a zero row); in
[-1, 1], 0 when directions are even; NaN for one row.
Source: Ethayarajh, How contextual are contextualized word representations, EMNLP 2019. Cost: O(n
d).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the mean cosine over pairs of rows.

    >>> from charz.sample import Sample
    >>> compute(Sample([[2, 0], [1, 0], [0, 3], [0, 1]], [0, 0, 1, 1], [[0, 0]]))
    0.3333333333333333
    """
    n = sample.n_train
    if n < 2:
        return math.nan
    lengths = np.sqrt(sample.norms)
    total = np.where(lengths > 0, 1 / np.where(lengths > 0, lengths, 1), 0) @ sample.X_train
    cosine = float(total @ total - np.count_nonzero(lengths)) / (n * (n - 1))
    return min(max(cosine, -1.0), 1.0)
