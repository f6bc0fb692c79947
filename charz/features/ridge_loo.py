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

from charz.features._spectrum import variances
from charz.features._votes import credit

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("accuracy", "brier")


def compute(sample: Sample) -> dict[str, float]:
    """Return the accuracy and the Brier score of the rows left out.

    >>> from charz.sample import Sample
    >>> scores = compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    >>> scores["accuracy"], round(scores["brier"], 4)
    (1.0, 0.0113)
    """
    if len(sample.present) < 2 or not variances(sample).size:
        return {"accuracy": math.nan, "brier": math.nan}
    left_out = sample.left_out
    return {
        "accuracy": float(credit(sample.one_hot - left_out.errors, sample.y_train).mean()),
        "brier": left_out.loss / (2 * sample.n_train),
    }
