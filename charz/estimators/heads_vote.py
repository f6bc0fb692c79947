"""Accuracy by how many other heads side with the deployed one.

Formula: sum_v share_t(v) a(v), v in 0 .. 3 the number of {ridge, knn, centroid} that choose the
class of the deployed probe, a(v) = (right_s(v) + A) / (n_s(v) + 1) its out-of-fold accuracy on the
n_s(v) training rows with v such heads (each without the row), shrunk by one row to that of all, A;
NaN with fewer than two classes.
Source: the weight of a vote by past accuracy: Dawid and Skene, 1979; Platanios et al., UAI 2014.
Cost: that of ``agreement``, shared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._panel import panel

if TYPE_CHECKING:
    from charz.records import Ints
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the accuracy that the eval rows' votes promise."""
    heads = sample.once(panel)
    if heads is None:
        return math.nan
    right = heads.source[0] == sample.y_train[heads.rows]
    return by_votes(_seconds(heads.source), right, _seconds(heads.target))


def by_votes(source: Ints, right: np.ndarray, target: Ints) -> float:
    """Return the mean over target rows of the source accuracy at as many votes.

    >>> by_votes(np.array([3, 3, 0]), np.array([True, True, True]), np.array([0, 1]))
    1.0
    """
    most = 1 + max(int(source.max()), int(target.max()))
    n_rows = np.bincount(source, minlength=most)
    n_right = np.bincount(source, weights=right, minlength=most)
    return float(((n_right + right.mean()) / (n_rows + 1))[target].mean())


def _seconds(choices: Ints) -> Ints:
    """Return how many of the other heads (rows) choose as the first does, (columns,)."""
    return np.asarray((choices[1:] == choices[0]).sum(axis=0))
