"""Macro-F1 and log-loss that the deployed probe expects of itself on the eval rows.

Formula: with q the eval probabilities scaled as in ``ac_scaled`` and c_i their first choice,
``macro_f1`` is the mean over classes of 2 sum_{c_i = c} q_i(c) / (#{c_i = c} + sum_i q_i(c)),
``log_loss`` the mean entropy -sum_c q ln q, in nats. NaN with fewer than two classes. Ranges:
[0, 1], [0, ln n_classes].
Source: expected confusion matrices as in CBPE (NannyML); Guo et al., ICML 2017, for the scale.
Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers
from charz.estimators.ac_scaled import inverse_temperature, scaled

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset[str]()
OUTPUTS = ("macro_f1", "log_loss")


def compute(sample: Sample) -> dict[str, float]:
    """Return both numbers."""
    known = answers(sample)
    if known is None:
        return dict.fromkeys(OUTPUTS, math.nan)
    Q = scaled(known.target, sample.once_labelled(inverse_temperature))
    entropy = -(Q * np.log(np.clip(Q, 1e-300, None))).sum(axis=1).mean()
    return {"macro_f1": expected_f1(Q), "log_loss": float(max(entropy, 0.0))}


def expected_f1(Q: Floats) -> float:
    """Return the macro-F1 of the first choices if ``Q``, (n, n_classes), is the truth.

    Over the classes that are chosen or of which half a row is expected.

    >>> expected_f1(np.array([[1.0, 0.0], [0.0, 1.0]]))
    1.0
    """
    choice = Q.argmax(axis=1)
    chosen = np.bincount(choice, minlength=Q.shape[1])
    hits = np.bincount(choice, weights=Q.max(axis=1), minlength=Q.shape[1])
    mass = Q.sum(axis=0)
    counted = (chosen > 0) | (mass >= 0.5)
    return float((2 * hits[counted] / (chosen + mass)[counted]).mean())
