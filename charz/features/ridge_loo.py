"""Leave-one-out accuracy and Brier score of a ridge classifier, in closed form.

Formula: ridge regression of the one-hot labels with a free intercept; the prediction of row i
without it is y_i - (y_i - f_i) / (1 - h_i), h_i = 1/n + sum_j U_ij^2 s_j^2 / (s_j^2 + a). The
1/n is the intercept's leverage: without it few rows in many dimensions look solved. The penalty
a, among 10^-3 .. 10^2 times the mean squared length of a centred row, has the least leave-one-
out squared error. ``accuracy`` in [0, 1] (ties share the credit); ``brier``, half the mean
squared distance, in [0, inf); NaN for one class or constant rows.
Source: Golub, Heath and Wahba, Generalized cross-validation, 1979, section 1 (PRESS); Hastie,
Tibshirani and Friedman, 2009, equation 7.64. Cost: 6 n r K after the shared decomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.features._spectrum import axes, variances
from charz.features._votes import credit
from charz.metrics import brier

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("accuracy", "brier")
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)


def compute(sample: Sample) -> dict[str, float]:
    """Return the accuracy and the Brier score of the rows left out.

    >>> from charz.sample import Sample
    >>> scores = compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    >>> scores["accuracy"], round(scores["brier"], 4)
    (1.0, 0.0113)
    """
    values = sample.n_train * variances(sample)
    if len(sample.present) < 2 or not values.size:
        return {"accuracy": math.nan, "brier": math.nan}
    fits = [_left_out(sample, values, penalty) for penalty in PENALTIES]
    best = min(fits, key=lambda scores: brier(scores, sample.y_train))
    return {
        "accuracy": float(credit(best, sample.y_train).mean()),
        "brier": brier(best, sample.y_train),
    }


def _left_out(sample: Sample, values: Floats, penalty: float) -> Floats:
    """Return the predictions of each row by a fit to the others, (n_train, n_classes)."""
    U, Y = axes(sample), sample.one_hot
    shrink = values / (values + penalty * values.sum() / sample.n_train)
    fitted = Y.mean(axis=0) + (U * shrink) @ (U.T @ Y)
    leverage = 1 / sample.n_train + U**2 @ shrink
    scores: Floats = Y - (Y - fitted) / (1 - leverage)[:, None]
    return scores
