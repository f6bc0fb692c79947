"""Centred alignment of the linear kernel with the labels.

Formula: |Xc^T Yc|_F^2 / (|Xc Xc^T|_F |Yc Yc^T|_F), Xc and Yc the centred rows and one-hot
labels; in [0, 1]; NaN for one class or constant rows.
Source: Cortes, Mohri and Rostamizadeh, Algorithms for learning kernels based on centered
alignment, JMLR 2012 (linear CKA with the labels). Cost: O(K d) after the shared
decomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the alignment.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0, 1], [0, 1], [2, 1], [2, 1]], [0, 0, 1, 1], [[0, 0]]))
    1.0
    """
    counts = sample.class_counts.astype(np.float64)
    values = variances(sample)
    if len(sample.present) < 2 or not values.size:
        return math.nan
    means = sample.class_offsets
    cross = float(counts**2 @ np.einsum("ij,ij->i", means, means)) / sample.unit**2
    rows = sample.n_train * math.sqrt(values @ values)
    labels = float(np.linalg.norm(np.diag(counts) - np.outer(counts, counts) / sample.n_train))
    return min(cross / (rows * labels), 1.0)
