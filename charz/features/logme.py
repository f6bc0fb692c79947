"""LogME: log marginal evidence of a Bayesian linear model of each class against the rest.

Formula: mean over classes of max_{a,b} ln p(y | F, a, b) / n, for w ~ N(0, I/a), y ~ N(F w,
I/b), F the rows as they are (no intercept), y the class's 0/1 indicator. With t = a/b and
Q = y^T (I + F F^T / t)^-1 y the best b is n/Q and

    ln p = -n/2 ln(2 pi e Q/n) - 1/2 ln det(I + F F^T / t),

maximised over t in [1e-9, 1e3] |F|^2. That is the paper's evidence at its maximum, for each
class afresh, not where a fixed-point iteration stopped. F = X + 1 m^T, X centred and m the mean:
with R = (X^T X + t I)^-1, D = m^T R m, B = m^T R X^T y and c = sum y,

    Q = |y - c/n|^2 - y^T X R X^T y + (c - n B)^2 / (n + n^2 D),
    ln det(I + F F^T / t) = ln det(I + X^T X / t) + ln(1 + n D).

ln p is smooth in ln t: it is taken at steps of a third, and its top where the polynomial
through the nine points about the highest has its own. In (-inf, inf); NaN for one class or
zero rows.
Source: You et al., LogME, ICML 2021, equations 2 and 3. Cost: O(100 r K) after the shared
factorisation.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows", "rotation", "scale", "labels"})
STEP = 1 / 3
AROUND = 4
"""Points on either side of a top that the polynomial goes through."""
FINE = 128
"""Places per step at which it is looked at."""


def compute(sample: Sample) -> float:
    """Return the mean maximal log evidence per row.

    >>> from charz.sample import Sample
    >>> good = compute(Sample([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], [0, 0, 1, 1], [[0, 0]]))
    >>> bad = compute(Sample([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], [0, 0, 1, 1], [[0, 0]]))
    >>> good > bad
    True
    """
    size = float(sample.norms.sum()) / sample.unit**2
    if len(sample.present) < 2 or not size > 0:
        return math.nan
    steps = np.arange(math.log(1e-9) - AROUND * STEP, math.log(1e3) + AROUND * STEP, STEP)
    return float(_tops(_evidence(sample, size * np.exp(steps))).mean())


def _evidence(sample: Sample, t: Floats) -> Floats:
    """Return the evidence per row of each class present for every t, (n_present, len(t))."""
    n, counts = sample.n_train, sample.class_counts[sample.present][:, None]
    m, X = sample.mean / sample.unit, sample.centered
    labels = sample.turned_labels[:, sample.present]
    first = sample.factor.turn(X @ m / sample.unit if sample.is_wide else m)
    logdet, found = sample.factor.forms(np.column_stack([first, labels]), t)
    own, B = found[0, 1:], found[1, 1:]
    squares = counts * (1 - counts / n)
    if sample.is_wide:
        rest, D = t * own, np.maximum(float(m @ m) - found[0, 0], 0) / t
    else:
        # No less than if all of y lay along the first axis: where little is left, rounding is more.
        rest, D = np.maximum(squares - own, squares * t / (t + n)), found[0, 0]
    error = rest + (counts - n * B) ** 2 / (n * (1 + n * D))
    logdet = logdet - len(labels) * np.log(t) + np.log1p(n * D)
    evidence: Floats = -0.5 * np.log(2 * np.pi * np.e / n * error) - logdet / (2 * n)
    return evidence


def _tops(evidence: Floats) -> Floats:
    """Return the highest value of the polynomial about each row's highest point."""
    highest = evidence[:, AROUND:-AROUND].argmax(axis=1)
    about = highest[:, None] + np.arange(2 * AROUND + 1)
    tops: Floats = (np.take_along_axis(evidence, about, axis=1) @ _interpolation()).max(axis=1)
    return tops


@cache
def _interpolation() -> Floats:
    """Return Lagrange's weights of points -4 .. 4 for places in [-1, 1], (9, places)."""
    places = np.linspace(-1, 1, 2 * FINE + 1)
    points = np.arange(-AROUND, AROUND + 1)
    others = [points[points != point] for point in points]
    return np.array([
        np.prod((places[:, None] - rest) / (point - rest), axis=1)
        for point, rest in zip(points, others, strict=True)
    ])  # fmt: skip
