"""Average confidence after temperature scaling.

Formula: mean_t max_c softmax(b log p_t)(c), with b > 0 the inverse temperature that minimises
the log-loss of softmax(b log p) on the out-of-fold rows; NaN with fewer than two classes.
Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 4.2, then AC
as in Garg et al., ICLR 2022. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, confidence
from charz.probes._temperature import factor, softmax

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the mean scaled confidence on the eval rows."""
    known = answers(sample)
    if known is None:
        return math.nan
    return float(confidence(scaled(known.target, sample.once_labelled(inverse_temperature))).mean())


def inverse_temperature(sample: Sample) -> float:
    """Return b, 1 where there are no answers out of fold."""
    known = answers(sample)
    return 1.0 if known is None else factor(_log(known.source), sample.y_train)


def scaled(P: Floats, b: float) -> Floats:
    """Return softmax(b log p) of each row."""
    return softmax(b * _log(P))


def _log(P: Floats) -> Floats:
    # A class that a fold did not know has probability 0: it stays impossible.
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(P), dtype=np.float64)
