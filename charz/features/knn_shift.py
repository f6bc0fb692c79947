"""What the five nearest labelled rows say of eval rows, beside what they say of labelled ones.

Formula: q_i the largest share of the votes of the 5 nearest labelled rows, of an eval row or of a
labelled row without itself. ``share`` mean q over eval rows less that over labelled rows, in
[-1, 1], below 0 where eval rows lie between classes; ``accuracy`` the expected accuracy of the
vote on eval rows, mean_i a(b_i) with b_i = round(5 q_i) and a(b) = (right_b + a) / (n_b + 1) the
leave-one-out accuracy a of the labelled rows with that b, shrunk by one row to that of all, in
[0, 1]; ``prior`` the total variation between the eval rows' mean votes and the labels' class
shares, in [0, 1]. Ties as in ``knn_loo``; NaN for one row, of the first two.
Source: Cover and Hart, 1967; a(b) as in Garg et al., Leveraging unlabeled data to predict
out-of-distribution performance, ICLR 2022 (importance weights over bins of confidence). Cost:
O((n + m) K) after the shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._votes import credit

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("share", "accuracy", "prior")
K = 5


def compute(sample: Sample) -> dict[str, float]:
    """Return the change of the leading share, the expected accuracy and the change of prior.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [3], [4], [5]], [0, 0, 0, 1, 1, 1]
    >>> {name: round(value, 3) for name, value in compute(Sample(X, y, [[0], [1]])).items()}
    {'share': 0.0, 'accuracy': 0.0, 'prior': 0.1}
    """
    shares = _shares(sample.eval_near.votes[K])
    prior = np.abs(shares.mean(axis=0) - sample.class_counts / sample.n_train).sum() / 2
    found = {"share": math.nan, "accuracy": math.nan, "prior": min(float(prior), 1.0)}
    if sample.n_train > 1:
        own = _shares(sample.near.votes[K])
        right = credit(own, sample.y_train[sample.asking])
        lead, own_lead = shares.max(axis=1), own.max(axis=1)
        accuracies = _accuracies(own_lead, right)
        found["share"] = float(lead.mean() - own_lead.mean())
        found["accuracy"] = min(float(accuracies[_bins(lead)].mean()), 1.0)
    return found


def _shares(votes: Floats) -> Floats:
    shares: Floats = votes / votes.sum(axis=1, keepdims=True)
    return shares


def _bins(lead: Floats) -> Ints:
    bins: Ints = np.floor(K * lead + 0.5 + 1e-9).astype(np.int64)
    return bins


def _accuracies(lead: Floats, right: Floats) -> Floats:
    """Return the accuracy of rows by their number of leading votes, (K + 1,)."""
    bins = _bins(lead)
    counts = np.bincount(bins, minlength=K + 1)
    sums = np.bincount(bins, weights=right, minlength=K + 1)
    shrunk: Floats = (sums + right.mean()) / (counts + 1)
    return shrunk
