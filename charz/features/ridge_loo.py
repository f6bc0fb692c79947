"""Leave-one-out accuracy and Brier score of a ridge classifier, in closed form.

Formula: ridge regression of the one-hot labels with a free intercept; the prediction of row i
without it is y_i - (y_i - f_i) / (1 - h_i), h_i = 1/n + x_i . (X^T X + a I)^-1 x_i. The
1/n is the intercept's leverage: without it few rows in many dimensions look solved. The penalty
a, among 10^-3 .. 10^2 times the mean squared length of a centred row, has the least leave-one-
out squared error. ``accuracy`` in [0, 1] (ties share the credit); ``brier``, half the mean
squared distance, in [0, inf); NaN for one class or constant rows.
Source: Golub, Heath and Wahba, Generalized cross-validation, 1979, section 1 (PRESS); Hastie,
Tibshirani and Friedman, 2009, equation 7.64. Cost: 6 n r K after the shared factorisation and
leverages.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances
from charz.features._votes import credit
from charz.labelled import PENALTIES

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("accuracy", "brier")
MOST = 1 << 18
"""Numbers that are held at once, all penalties where they are few."""


def compute(sample: Sample) -> dict[str, float]:
    """Return the accuracy and the Brier score of the rows left out.

    >>> from charz.sample import Sample
    >>> scores = compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    >>> scores["accuracy"], round(scores["brier"], 4)
    (1.0, 0.0113)
    """
    if len(sample.present) < 2 or not variances(sample).size:
        return {"accuracy": math.nan, "brier": math.nan}
    loss, errors = _best(sample)
    return {
        "accuracy": float(credit(sample.one_hot - errors, sample.y_train).mean()),
        "brier": loss / (2 * sample.n_train),
    }


def _best(sample: Sample) -> tuple[float, Floats]:
    """Return the least sum of squared errors, and these errors, (n_train, n_classes)."""
    step = max(MOST // sample.one_hot.size, 1)
    best, found = math.inf, sample.one_hot
    for start in range(0, len(PENALTIES), step):
        some = slice(start, start + step)
        errors = _residuals(sample, some)
        errors /= sample.left[some, :, None]
        losses = np.einsum("gnk,gnk->g", errors, errors)
        if losses.min() < best:
            best, found = float(losses.min()), errors[losses.argmin()]
    return best, found


def _residuals(sample: Sample, some: slice) -> Floats:
    """Return what the fits to all rows leave of the labels, (penalties, n_train, n_classes)."""
    penalties = np.array(PENALTIES[some])
    solved = sample.factor.solve(sample.turned_labels, penalties)
    rows = sample.turned_rows
    # One product for these penalties: (n, r) @ (r, penalties * classes).
    stacked = solved.transpose(1, 0, 2).reshape(len(rows), -1).astype(rows.dtype)
    product = (rows.T @ stacked).reshape(sample.n_train, len(penalties), -1).transpose(1, 0, 2)
    if sample.is_wide:
        wide: Floats = penalties[:, None, None] * product
        return wide
    rest: Floats = sample.one_hot - sample.class_counts / sample.n_train - product
    return rest
