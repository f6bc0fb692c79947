"""Confidence by optimal transport: how well eval answers can be matched to the label prior.

Formula: 1 - W, W the least mean cost of moving the eval rows' probability vectors to one-hot
labels that occur as often as in the training sample, cost |p - e_y|_1 / 2 = 1 - p(y); in
[0, 1]; NaN with fewer than two classes. Unlike mean confidence it does not believe a probe
that piles all eval rows into one class. Of more than 512 eval rows an even selection is
matched. Source: Lu et al., Characterizing out-of-distribution error via optimal transport,
NeurIPS 2023 (arXiv 2305.15640), COT. Cost: one transport of at most 512 rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, share
from charz.estimators._transport import transported

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

INVARIANT = frozenset[str]()
MOST_ROWS = 512


def estimate(sample: Sample) -> float:
    """Return one less the transport cost."""
    if answers(sample) is None:
        return math.nan
    return share(float(sample.once(matched_eval).mean()))


def matched_eval(sample: Sample) -> Floats:
    """Return the probabilities of the labels that eval rows are matched to, (<= 512,)."""
    P = sample.head.probabilities[0]
    P = P[chosen(len(P))]
    return matched(P, apportioned(sample.class_counts, len(P)))


def chosen(n: int) -> Ints:
    """Return the rows of ``n`` that are matched, evenly spaced where there are many."""
    return np.linspace(0, n - 1, min(n, MOST_ROWS)).round().astype(np.int64)


def matched(P: Floats, counts: Ints) -> Floats:
    """Return each row's p(label) under the best of all ways to give ``counts`` labels, (m,)."""
    return np.asarray(P[np.arange(len(P)), transported(P, counts)], dtype=np.float64)


def apportioned(counts: Ints, total: int) -> Ints:
    """Return ``total`` labels in the proportions of ``counts``, by largest remainders.

    >>> apportioned(np.array([2, 1, 0]), 4)
    array([3, 1, 0])
    """
    exact = counts * total / counts.sum()
    whole = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.argsort(whole - exact, kind="stable")[: total - whole.sum()]
    whole[rest] += 1
    return np.asarray(whole)
