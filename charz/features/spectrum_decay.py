"""How fast the spectrum falls: the exponent of a power law.

Formula: a in lambda_j ~ j^-a, by least squares of ln lambda_j on ln j with weights 1/j, so
that every octave of ranks counts alike; in [0, inf); NaN with fewer than two eigenvalues.
Source: Stringer et al., High-dimensional geometry of population responses, Nature 2019; as a
measure of representations Agrawal et al., alpha-ReQ, NeurIPS 2022. Cost: the shared
eigendecomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the exponent of decay.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[2, 0], [-2, 0], [0, 1], [0, -1]], [0, 0, 1, 1], [[0, 0]])), 6)
    2.0
    """
    values = variances(sample)
    if len(values) < 2:
        return math.nan
    ranks = np.arange(1, len(values) + 1)
    x, y, weights = np.log(ranks), np.log(values), 1 / ranks
    x = x - (weights @ x) / weights.sum()
    return max(-float((weights * x) @ y / ((weights * x) @ x)), 0.0)
