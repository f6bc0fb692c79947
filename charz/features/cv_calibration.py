"""How far the deployed probe's confidence is from its accuracy, out of fold.

Formula: with q_i = max_c p_i(c) and r_i whether that class is right, ``ece`` the expected
calibration error over 15 bins of q, in [0, 1]; ``excess`` mean_i (q_i - r_i), in [-1, 1], above 0
where the probe believes too much of itself. p_i are the probabilities of the folds that did not
see row i at the chosen C; NaN where there were no folds.
Source: Guo et al., On calibration of modern neural networks, ICML 2017, equation 3. Cost: the
shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.metrics import ece

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-1.0, 1.0)
INVARIANT = frozenset[str]()
OUTPUTS = ("ece", "excess")


def compute(sample: Sample) -> dict[str, float]:
    """Return the expected calibration error and the mean excess of confidence.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> {name: round(value, 3) for name, value in compute(Sample(X, y, [[1]])).items()}
    {'ece': 0.013, 'excess': -0.013}
    """
    P = sample.head.cv_probabilities
    if P is None:
        return dict.fromkeys(OUTPUTS, math.nan)
    right = P.argmax(axis=1) == sample.y_train
    excess = float(P.max(axis=1).mean(dtype=np.float64)) - float(right.mean())
    return {"ece": min(ece(P, sample.y_train), 1.0), "excess": min(max(excess, -1.0), 1.0)}
