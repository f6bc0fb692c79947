"""SFDA: log-likelihood of labels under a discriminant that has been made to doubt itself.

Formula: mean_i ln p(y_i | z_i), p of the classes' Gaussians with the shared covariance
(1 - a) S_w + a I, a = exp(-5 s), S_w the covariance within classes of the rows z in at most 32
principal axes over their root mean square length, and s its largest eigenvalue; fitted anew on
rows mixed by p_i = softmax(p)(y_i) of a first fit: z_i <- p_i z_i + (1 - p_i) times the mean of
the rows of other classes. In (-inf, 0]; NaN for one class, classes of one row each, or constant
rows.
Source: Shao et al., Not all models are equal: predicting model transferability in a
self-challenging Fisher space, ECCV 2022. All Fisher axes count: those beyond
K - 1 have no part in it. Cost: O(n 32 (32 + K)) after the shared axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, 0.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
STRENGTH = 5.0


def compute(sample: Sample) -> float:
    """Return the mean log-likelihood of the labels.

    >>> from charz.sample import Sample
    >>> good = compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    >>> bad = compute(Sample([[0], [1], [9], [10]], [0, 1, 0, 1], [[0]]))
    >>> good > bad
    True
    """
    from scipy.special import softmax

    Z, counts = sample.principal, sample.class_counts[sample.present]
    if len(counts) < 2 or counts.max() < 2 or not Z.size:
        return math.nan
    Y = sample.one_hot[:, sample.present]
    within = Z - Y @ (Y.T @ Z / counts[:, None])
    a = math.exp(-STRENGTH * float(np.linalg.eigvalsh(within.T @ within / len(Z))[-1]))
    first = np.exp(_log_likelihood(Z, Y, a))
    own = (softmax(first, axis=1) * Y).sum(axis=1)[:, None]
    others = (Z.sum(axis=0) - Y.T @ Z) / (len(Z) - counts)[:, None]
    mixed = own * Z + (1 - own) * (Y @ others)
    return min(float((_log_likelihood(mixed, Y, a) * Y).sum(axis=1).mean()), 0.0)


def _log_likelihood(Z: Floats, Y: Floats, a: float) -> Floats:
    """Return ln p of every class, (n, K), of a regularised discriminant fitted on the rows."""
    from scipy.special import log_softmax

    counts = Y.sum(axis=0)
    means = Y.T @ Z / counts[:, None]
    within = Z - Y @ means
    covariance = (1 - a) * (within.T @ within) / len(Z) + a * np.eye(Z.shape[1])
    weights = np.linalg.solve(covariance, means.T)
    offsets = np.log(counts / len(Z)) - np.einsum("kr,rk->k", means, weights) / 2
    scores: Floats = log_softmax(Z @ weights + offsets, axis=1)
    return scores
