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
NO_SPREAD = 1e-12
"""Standard deviation, relative to the mean's size or 1, below which scores are all the same."""
STEPS = 50
CLOSE = 1e-9


def estimate(sample: Sample) -> float:
    """Return the expected accuracy on the eval rows."""
    known = answers(sample)
    if known is None:
        return math.nan
    a, b = platt(logit(confidence(known.source)), known.right)
    return expected(a, b, confidence(known.target))


def expected(a: float, b: float, confident: Floats) -> float:
    """Return the mean of sigmoid(a + b logit q) over confidences q."""
    return float(_sigmoid(a + b * logit(confident)).mean())


def platt(score: Floats, right: np.ndarray, weights: Floats | None = None) -> tuple[float, float]:
    """Return intercept and slope (>= 0) of Platt scaling of ``score`` to ``right``.

    Newton's method with halved steps on the log-loss, which is convex. ``weights`` (n,) say how
    many rows each row stands for.

    >>> a, b = platt(np.array([-1.0, -1.0, 1.0, 1.0]), np.array([False, False, True, True]))
    >>> round(a, 6), round(b, 6)
    (0.0, 1.098612)
    """
    w = np.ones(len(score)) if weights is None else weights
    total, n_right = float(w.sum()), float(w[right].sum())
    low, high = 1 / (total - n_right + 2), (n_right + 1) / (n_right + 2)
    w, goal = w / total, np.where(right, high, low)
    center = float(w @ score)
    moved = score - center
    spread = math.sqrt(float(w @ moved**2))
    share = float(w @ goal)
    start = math.log(share / (1 - share))
    # Where the loss rises from slope 0 on, 0 is best; else the best slope is positive.
    if spread <= NO_SPREAD * (1 + abs(center)) or float(w @ (moved * goal)) <= 0:
        return start, 0.0
    a, b = _newton(moved / spread, goal, w, start)
    return a - b * center / spread, b / spread


def _newton(x: Floats, goal: Floats, w: Floats, start: float) -> tuple[float, float]:
    """Return intercept and slope of the least log-loss, from slope 0."""

    def loss(a: float, b: float) -> float:
        margin = a + b * x
        return float(w @ (np.logaddexp(0, margin) - goal * margin))

    a, b = start, 0.0
    least = loss(a, b)
    for _ in range(STEPS):
        p = _sigmoid(a + b * x)
        slack, curve = w * (p - goal), w * p * (1 - p)
        first, second = float(slack.sum()), float(slack @ x)
        aa, ab, bb = float(curve.sum()), float(curve @ x), float(curve @ x**2)
        scale = 1 / max(aa * bb - ab**2, 1e-12 * aa * bb, 1e-300)
        da, db = scale * (ab * second - bb * first), scale * (ab * first - aa * second)
        while (found := loss(a + da, b + db)) > least and abs(da) + abs(db) > CLOSE:
            da, db = da / 2, db / 2
        if found > least or abs(da) + abs(db) <= CLOSE:
            break
        a, b, least = a + da, b + db, found
    return a, max(b, 0.0)


def logit(q: Floats) -> Floats:
    """Return ln(q / (1 - q)), q within 1e-6 of 0 and 1 being taken as so near."""
    q = np.clip(q, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(q) - np.log1p(-q), dtype=np.float64)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)), dtype=np.float64)
