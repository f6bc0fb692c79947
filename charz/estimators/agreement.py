"""How often different families of heads answer alike on the eval rows.

Formula: mean over pairs of {logistic, ridge, knn, centroid} of
mean_t [argmax p1_t = argmax p2_t], all trained on the whole sample; NaN with fewer than two
classes. Heads that err for different reasons agree where they are right; on easy rows that
all of them get wrong it is too high.
Source: Platanios et al., Estimating accuracy from unlabeled data, UAI 2014; agreement in place
of accuracy as in Jiang et al., ICLR 2022. Cost: three cheap fits.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()
OTHERS = ("ridge", "knn", "centroid")


def estimate(sample: Sample) -> float:
    """Return the mean pairwise agreement."""
    if len(sample.present) < 2:
        return math.nan
    heads = [sample.head, *(sample.probe(name) for name in OTHERS)]
    choices = [head.probabilities[0].argmax(axis=1) for head in heads]
    return float(np.mean([(a == b).mean() for a, b in combinations(choices, 2)]))
