"""PARC: do rows that are far apart have different labels, by ranks.

Formula: Spearman's correlation, over pairs of rows, of their distance with the inequality of
their labels; in [-1, 1]; over at most 128 rows, an even choice. Distances whose squares differ
by less than 1e-9 of the largest are tied. NaN where all pairs have equal or all have different
labels, and for constant rows. Distances are Euclidean, so that moving the space changes
nothing, where the source has one less the correlation.
Source: Bolya, Mittapalli and Hoffman, Scalable diverse model selection for accessible transfer
learning, NeurIPS 2021, section 4. Cost: sorting 8,128 distances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import spread

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
MOST = 128
EQUAL = 1e-9


def compute(sample: Sample) -> float:
    """Return the rank correlation of distances with labels' differences.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]])), 6)
    0.852803
    """
    if sample.scatter <= sample.noise * sample.n_train:
        return math.nan
    chosen = spread(sample.lengths, MOST)
    X, y = sample.centered[chosen] / sample.unit, sample.y_train[chosen]
    pairs = np.triu_indices(len(X), 1)
    lengths = sample.lengths[chosen] / sample.unit**2
    squares = lengths[pairs[0]] + lengths[pairs[1]] - 2 * (X @ X.T)[pairs]
    ranks, differ = _ranks(squares), (y[pairs[0]] != y[pairs[1]]).astype(float)
    if not ranks.size or differ.min() == differ.max() or ranks.min() == ranks.max():
        return math.nan
    return float(np.clip(np.corrcoef(ranks, differ)[0, 1], -1, 1))


def _ranks(values: Floats) -> Floats:
    """Return ranks from 0, (n,), the mean of theirs for values that are tied."""
    order = np.argsort(values)
    ordered = values[order]
    group = np.zeros(len(values), dtype=int)
    group[order[1:]] = np.cumsum(np.diff(ordered) > EQUAL * np.abs(ordered).max(initial=0))
    sizes = np.bincount(group)
    ranks: Floats = (np.cumsum(sizes) - (sizes + 1) / 2)[group]
    return ranks
