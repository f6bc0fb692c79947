"""How well the direction from training to eval rows tells them apart: leave-one-out AUC.

Formula: a row's score is its offset from the training mean along w = (S + a I)^-1 (m - mu), S the
scatter of the training rows, a the mean squared length of a centred one, m and mu the means of
eval and training rows; w is taken anew without each row. AUC is the probability that an eval row
scores above a training row, ties a half. With q = x . (S + a I)^-1 x and g = x . w of a row x less
the training mean, N training and M eval rows, the scores are

    training: (g + q / (N - 1)) / (1 - q N / (N - 1))        eval: (M g - q) / (M - 1).

In [0, 1], near 0.5 without shift; 0.5 for a single row on either side, or where no row differs
from another. The proxy A-distance is about 2 (2 AUC - 1). Of the eval rows as many are scored as
there are training rows (at least 128, at most 256), an even choice; all make up m.
Source: Fisher, 1936, with a ridge; Ben-David et al., Analysis of representations for domain
adaptation, NeurIPS 2006, section 4; as a two-sample test Lopez-Paz and Oquab, ICLR 2017. Cost:
O((n + m) d + r^2) after the shared factorisation and leverages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.distances import spread
from charz.ridge import PENALTIES

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
MOST = 256
PENALTY = 1.0
"""In squares of `Sample.unit`: a row's mean squared length."""


def compute(sample: Sample) -> float:
    """Return the area under the ROC curve.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2]], [0, 1, 0], [[7], [8], [9]]))
    1.0
    """
    found = sample.once(scores)
    return 0.5 if found is None else _auc(found[0], np.sort(found[1]))


def scores(sample: Sample) -> tuple[Floats, Floats] | None:
    """Return left-out scores over the largest, (n_train,) and of some eval rows.

    None for a single row on either side, or where no row differs from another.
    """
    n, m = sample.n_train, sample.n_eval
    if min(n, m) < 2:
        return None
    move = (sample.X_eval.mean(axis=0) - sample.mean) / sample.unit
    if float(move @ move) * sample.unit**2 <= sample.noise:
        return None
    g, w = _along(sample, move)
    left = sample.left[PENALTIES.index(PENALTY)]
    training = (g + (1 - 1 / n - left) / (n - 1)) / (left * n / (n - 1))
    rows = spread(sample.eval_points.lengths, min(MOST, len(sample.counted)))
    points = sample.eval_points[rows]
    evaluated = (m * (points.rows @ w.astype(points.rows.dtype)) - _norms(sample, rows)) / (m - 1)
    largest = max(np.abs(training).max(), np.abs(evaluated).max()) or 1.0
    return training / largest, evaluated / largest


def _along(sample: Sample, move: Floats) -> tuple[Floats, Floats]:
    """Return g of the training rows, (n_train,), and w, (n_dims,)."""
    X, factor = sample.centered, sample.factor
    start = X @ move / sample.unit if sample.is_wide else move
    solved = factor.axes @ factor.solve(factor.turn(start)[:, None], np.array([PENALTY]))[0, :, 0]
    if sample.is_wide:
        return solved, (move - solved @ X / sample.unit) / PENALTY
    return X @ solved / sample.unit, solved


def _norms(sample: Sample, rows: Ints) -> Floats:
    """Return q of some eval rows, (len(rows),)."""
    points, shift = sample.eval_points[rows], np.array([PENALTY])
    if not sample.is_wide:
        tall: Floats = sample.factor.norms(sample.turned(points), shift)[0]
        return tall
    squared = sample.eval_distances.some(rows, np.arange(sample.n_train)).T
    products = (sample.points.lengths[:, None] + points.lengths - squared) / 2
    turned = sample.factor.axes.T.astype(products.dtype) @ products
    wide: Floats = (points.lengths - sample.factor.norms(turned, shift)[0]) / PENALTY
    return wide


def _auc(low: Floats, high: Floats) -> float:
    """Return P(high > low) + P(tie) / 2, ``high`` sorted; scores within 1e-9 tie."""
    above = len(high) - np.searchsorted(high, low + 1e-9, side="right")
    not_below = len(high) - np.searchsorted(high, low - 1e-9, side="left")
    return float((above + not_below).mean() / (2 * len(high)))
