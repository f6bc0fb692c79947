"""NLEEP: log-likelihood of labels told from soft clusters of the rows.

Formula: mean_i ln sum_v p(y_i | v) p(v | z_i), p(v | z) the posteriors of a Gaussian mixture with
diagonal covariances on the rows in at most 32 principal axes, p(y | v) from their sums over the
rows of class y; in (-inf, 0]; NaN for one class, classes of one row each, or constant rows. There
are 3 K clusters, at most 16 and n/2; they start from rows far from one another, go through 4
steps of k-means and 4 of expectation and maximisation. It does not claim to be the same where
rows are tied for the farthest.
Source: Li et al., Ranking neural checkpoints, CVPR 2021. Cost: O(n 32 16) a
step after the shared axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, 0.0)
INVARIANT = frozenset({"labels"})
PER_CLASS, MOST = 3, 16
STEPS = 4
ADDED = 1e-3
"""Share of the axes' mean variance that is added to a cluster's variances."""


def compute(sample: Sample) -> float:
    """Return the mean log-likelihood of the labels.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]])), 6)
    0.0
    >>> round(compute(Sample([[0], [1], [9], [10]], [0, 1, 0, 1], [[0]])), 6)
    -0.693147
    """
    Z, counts = sample.principal, sample.class_counts[sample.present]
    if len(counts) < 2 or counts.max() < 2 or not Z.size:
        return math.nan
    theta = _mixture(Z, _clusters(Z, min(PER_CLASS * len(counts), MOST, len(Z) // 2)))
    Y = sample.one_hot[:, sample.present]
    conditional = (Y.T @ theta) / np.maximum(theta.sum(axis=0), np.finfo(float).tiny)
    likelihood = ((Y @ conditional) * theta).sum(axis=1)
    return min(float(np.log(likelihood).mean()), 0.0)


def _clusters(Z: Floats, k: int) -> Floats:
    """Return indicators (n, k) of clusters found by k-means from rows far from one another."""
    squares = np.einsum("ij,ij->i", Z, Z)
    first = int(squares.argmax())
    chosen, nearest = [first], squares + squares[first] - 2 * Z @ Z[first]
    while len(chosen) < k:
        row = int(nearest.argmax())
        chosen.append(row)
        nearest = np.minimum(nearest, squares + squares[row] - 2 * Z @ Z[row])
    centers = Z[chosen]
    for _ in range(STEPS):
        Y = _nearest(Z, centers)
        counts = Y.sum(axis=0)[:, None]
        centers = np.where(counts > 0, Y.T @ Z / np.maximum(counts, 1), centers)
    return _nearest(Z, centers)


def _nearest(Z: Floats, centers: Floats) -> Floats:
    closeness = Z @ centers.T - np.einsum("ij,ij->i", centers, centers) / 2
    indicators: Floats = np.eye(len(centers))[closeness.argmax(axis=1)]
    return indicators


def _mixture(Z: Floats, theta: Floats) -> Floats:
    """Return posteriors (n, k) of a mixture after `STEPS` steps from those given."""
    from scipy.special import softmax

    squares = Z**2
    added = ADDED * squares.mean()
    for _ in range(STEPS + 1):
        counts = theta.sum(axis=0) + 10 * np.finfo(float).eps
        means = theta.T @ Z / counts[:, None]
        variances = np.maximum(theta.T @ squares / counts[:, None] - means**2, 0) + added
        constant = np.log(counts) - (np.log(variances) + means**2 / variances).sum(axis=1) / 2
        logs = Z @ (means / variances).T - squares @ (0.5 / variances).T + constant
        theta = softmax(logs, axis=1)
    return theta
