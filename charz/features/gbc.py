"""How much the classes overlap: Gaussian Bhattacharyya coefficient.

Formula: -sum_{i != j} exp(-D_ij), D_ij = |S^-1/2 (m_i - m_j)|^2 / 8 + ln(|S| / sqrt(|S_i||S_j|))
/ 2, S = (S_i + S_j) / 2, m_c and S_c the mean and diagonal covariance of class c in at most 32
principal axes; in [-K (K - 1), 0]. Every variance has 1e-3 of the axes' mean variance added; axes
of equal variance are no axes, and share the mean of theirs. Classes of one row are left out; NaN
where fewer than two are left, or for constant rows.
Source: Pandy et al., Transferability estimation using Bhattacharyya class separability, CVPR
2022. Cost: O(n 32 + K^2 32) after the shared axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

RANGE = (-math.inf, 0.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
ADDED = 1e-3
EQUAL = 1e-9


def compute(sample: Sample) -> float:
    """Return the sum of the coefficients, negative.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [2], [0], [2]], [0, 0, 1, 1], [[0]])), 6)
    -2.0
    """
    Z, several = sample.principal, np.flatnonzero(sample.class_counts > 1)
    if len(several) < 2 or not Z.size:
        return math.nan
    means, variances = _gaussians(sample, several)
    logs = np.log(variances).sum(axis=1)
    total = 0.0
    for i in range(1, len(several)):
        both = (variances[:i] + variances[i]) / 2
        apart = ((means[:i] - means[i]) ** 2 / both).sum(axis=1) / 8
        shape = np.log(both).sum(axis=1) / 2 - (logs[:i] + logs[i]) / 4
        total += float(np.exp(-np.maximum(apart + shape, 0)).sum())
    return -2 * total


def _gaussians(sample: Sample, classes: Ints) -> tuple[Floats, Floats]:
    """Return the means and variances of classes, (classes, axes) each."""
    Z, Y = sample.principal, sample.one_hot[:, classes]
    counts = Y.sum(axis=0)[:, None]
    means = Y.T @ Z / counts
    everyone = (Z**2).mean(axis=0)
    residual = Z - Y @ means
    variances = Y.T @ residual**2 / counts
    group = np.cumsum(np.diff(everyone, prepend=everyone[0]) < -EQUAL * everyone[0])
    share = np.eye(group[-1] + 1)[group]
    variances = (variances @ share / share.sum(axis=0)) @ share.T
    return means, variances + ADDED * everyone.mean()
