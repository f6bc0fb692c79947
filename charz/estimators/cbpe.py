"""Confidence-based performance estimation: expected accuracy under calibrated confidence.

Formula: mean_t g(max p_t), g(q) = sigmoid(a + b logit q), b >= 0, fitted to whether the most
probable class was right out of fold, with Platt's targets (N+ + 1)/(N+ + 2) and 1/(N- + 2);
NaN with fewer than two classes. Platt's two parameters rather than isotonic steps: a sample
of 8 or 64 rows cannot support more.
Source: nannyml, CBPE; Platt, Probabilistic outputs for SVMs, 1999. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, confidence

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the expected accuracy on the eval rows."""
    known = answers(sample)
    if known is None:
        return math.nan
    a, b = platt(_logit(confidence(known.source)), known.right)
    return float(_sigmoid(a + b * _logit(confidence(known.target))).mean())


def platt(score: Floats, right: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope (>= 0) of Platt scaling of ``score`` to ``right``."""
    from scipy.optimize import minimize

    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    goal = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = parameters[0] + parameters[1] * score
        slack = _sigmoid(margin) - goal
        value = float((np.logaddexp(0, margin) - goal * margin).mean())
        return value, np.array([slack.mean(), (slack * score).mean()])

    start = np.array([np.log((n_right + 1) / (n_wrong + 1)), 0.0])
    bounds = [(None, None), (0, None)]
    fit = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    return float(fit.x[0]), float(fit.x[1])


def _logit(q: Floats) -> Floats:
    q = np.clip(q, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(q) - np.log1p(-q), dtype=np.float64)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)), dtype=np.float64)
