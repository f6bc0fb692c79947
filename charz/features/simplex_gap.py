"""How far the class means are from a simplex equiangular tight frame.

Formula: | M M^T / |M M^T|_F - E / |E|_F |_F with M the present class means about their mean (K,
d) and E = I - 1 1^T / K; in [0, sqrt 2], 0 at full neural collapse (and always for two classes);
NaN for one class or equal means.
Source: Papyan, Han and Donoho, PNAS 2020 (NC2); this distance: Zhu et al., A geometric analysis
of neural collapse, NeurIPS 2021. Cost: O(K^2 d).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.sqrt(2))
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the distance of the normalised Gram matrices.

    >>> from charz.sample import Sample
    >>> compute(Sample([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 1, 2], [[0, 0, 0]])) < 1e-12
    True
    """
    k = len(sample.present)
    means = sample.class_offsets[sample.present]
    means = means - means.mean(axis=0)
    gram = means @ means.T
    if k < 2 or np.trace(gram) <= sample.noise * k:
        return math.nan
    simplex = np.eye(k) - 1 / k
    gap = np.linalg.norm(gram / np.linalg.norm(gram) - simplex / np.linalg.norm(simplex))
    return min(float(gap), math.sqrt(2))
