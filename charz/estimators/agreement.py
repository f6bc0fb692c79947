"""How often different families of heads answer alike on the eval rows.

Formula: mean over pairs of {logistic, ridge, knn, centroid} of
mean_t [argmax p1_t = argmax p2_t], all trained on the whole sample; NaN with fewer than two
classes. Heads that err for different reasons agree where they are right; on easy rows that
all of them get wrong it is too high. The three cheap heads are made of the sample's shared
parts: the ridge's penalty is chosen by generalised cross-validation, k is 5 or 20.
Source: Platanios et al., Estimating accuracy from unlabeled data, UAI 2014; agreement in place
of accuracy as in Jiang et al., ICLR 2022. Cost: O((n + m) d K) after the shared factorisation
and neighbours.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._panel import panel

if TYPE_CHECKING:
    from charz.records import Ints
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the mean pairwise agreement.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[1], [8]]))
    1.0
    """
    known = sample.once(panel)
    return math.nan if known is None else agreed(known.target)


def agreed(choices: Ints) -> float:
    """Return the mean share, over pairs of heads (rows), of columns where they choose alike.

    >>> agreed(np.array([[0, 1], [0, 1], [0, 0]]))
    0.666...
    """
    return float(np.mean([(a == b).mean() for a, b in combinations(choices, 2)]))
