"""Reverse classification accuracy: how well eval rows as answered teach the training labels.

Formula: mean_i [argmin_c |x_i - nu_c| = y_i], nu_c the mean of the eval rows that the deployed
probe puts into class c, over classes that it uses; NaN with fewer than two classes. Answers that
are wrong, or rows elsewhere, make class means that fail on the labelled rows.
Source: Valindria et al., Reverse classification accuracy, IEEE TMI 2017; for text Elsahar and
Galle, EMNLP 2019. Cost: O((n + m) d K) and the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the accuracy on the training rows.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0.1], [1.1]]))
    1.0
    """
    if len(sample.present) < 2:
        return math.nan
    used, given = np.unique(sample.head.probabilities[0].argmax(axis=1), return_inverse=True)
    members = np.eye(len(used), dtype=sample.eval_points.rows.dtype)[given]
    means = members.T @ sample.eval_points.rows / members.sum(axis=0)[:, None]
    distances = np.einsum("kd,kd->k", means, means) - 2 * (sample.points.rows @ means.T)
    return float((used[distances.argmin(axis=1)] == sample.y_train).mean())
