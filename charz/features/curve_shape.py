"""The learning curve inside the sample: a quick head on a quarter and on half of the rows.

Formula: a(m) and l(m), accuracy and log-loss of the heads of `charz.nested` trained on m rows, on
all rows that each did not see, mean over two or four arrangements of the rows; ``half`` a(n/2);
``slope`` a(n/2) - a(n/4), the gain of a doubling; ``ahead`` a(n/2) + slope, the line in log2 m
at n, held to [0, 1]; ``loss_half``, ``loss_slope`` and ``loss_ahead`` the same of l in nats, the
last at least 0. Ties share the credit; probabilities are softmax(t s) of the scores s, t > 0 fitted
to the log-loss with one row more whose label is spread evenly. Accuracies lie in [0, 1], ``slope``
in [-1, 1], losses and their slope in (-inf, inf); NaN with fewer than 8 rows, for one class or
constant rows. Of more than 1,024 rows an even choice counts as the sample, n with it.
Source: Cortes et al., Learning curves: asymptotic values and rate of convergence, NeurIPS 1993;
Domhan, Springenberg and Hutter, IJCAI 2015, for extrapolation from a prefix. Cost: two or four
Cholesky factors of half the rows, which ``mdl`` shares.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances
from charz.features._votes import credit
from charz.metrics import log_loss
from charz.probes._temperature import factor, softmax

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows"})
OUTPUTS = ("half", "slope", "ahead", "loss_half", "loss_slope", "loss_ahead")
MOST = 1 << 12
"""Numbers, at most, that the factor on scores is fitted to."""


def compute(sample: Sample) -> dict[str, float]:
    """Return accuracy and log-loss at half the rows, their slopes, and both extrapolated to all.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [3], [7], [8], [9], [10]], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> shape = compute(Sample(X, y, [[0]]))
    >>> shape["half"], shape["slope"], shape["ahead"]
    (1.0, 0.0, 1.0)
    """
    parts = [] if _is_empty(sample) else sample.nested.arrangements
    if not parts or any(len(arrangement) < 2 for arrangement in parts):
        return dict.fromkeys(OUTPUTS, math.nan)
    (half, loss_half), (quarter, loss_quarter) = (
        _judged(
            np.vstack([arrangement[level].scores for arrangement in parts]),
            np.concatenate([arrangement[level].labels for arrangement in parts]),
        )
        for level in (0, 1)
    )
    return {
        "half": half,
        "slope": half - quarter,
        "ahead": min(max(2 * half - quarter, 0.0), 1.0),
        "loss_half": loss_half,
        "loss_slope": loss_half - loss_quarter,
        "loss_ahead": max(2 * loss_half - loss_quarter, 0.0),
    }


def _is_empty(sample: Sample) -> bool:
    return len(sample.present) < 2 or not variances(sample).size


def _judged(scores: Floats, labels: Ints) -> tuple[float, float]:
    """Return accuracy and log-loss of scores of rows that were not seen."""
    step = max(scores.size // MOST, 1)
    sharp = factor(scores[::step], labels[::step])
    return float(credit(scores, labels).mean()), log_loss(softmax(sharp * scores), labels)
