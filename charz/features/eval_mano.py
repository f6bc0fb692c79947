"""MaNo: the fourth-power norm of the deployed probe's normalised logits on the eval rows.

Formula: (1/(m K) sum_tc s_t(c)^4)^(1/4), s_t = v(q_t) / sum_c v(q_t)(c), q_t = ln p_t less its mean
over classes. With D = -1/(m K) sum_tc ln p_t(c), the divergence from even answers, v(q) = 1 + q +
q^2 / 2 where D <= 5, and e^q beyond, where logits are large. Over the K classes with labelled
rows; in (0, 1], 1/K for even answers, K^(-1/4) for certain ones; NaN for fewer than two classes.
Source: Xie et al., MaNo: Exploiting matrix norm for unsupervised accuracy estimation under
distribution shifts, NeurIPS 2024 (arXiv 2405.18979). Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()
POWER = 4
SURE = 5.0
"""Divergence from even answers beyond which logits are not taken to be small."""


def compute(sample: Sample) -> float:
    """Return the norm.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.628
    """
    if len(sample.present) < 2:
        return math.nan
    P = sample.head.probabilities[0][:, sample.present].astype(np.float64)
    logs = np.log(np.maximum(P, np.finfo(np.float64).tiny))
    if -float(logs.mean()) <= SURE:
        q = logs - logs.mean(axis=1, keepdims=True)
        P = 1 + q + q**2 / 2
        P /= P.sum(axis=1, keepdims=True)
    return min(float((P**POWER).mean() ** (1 / POWER)), 1.0)
