"""The scale that completion learns on: the probit of an accuracy.

On it, what an encoder gains over another varies less with how hard a task is. Accuracies are
kept from `EDGE` to 1 - `EDGE`, so that a perfect score stays finite. A standard error is carried
over by the delta method: se(probit(a)) = se(a) / phi(probit(a)).

>>> bool(abs(to_accuracy(to_scale(0.7)) - 0.7) < 1e-12), round(float(to_scale(0.0)), 3)
(True, -2.326)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

EDGE = 0.01


def to_scale(accuracy: ArrayLike) -> Floats:
    """Return the probit of accuracies in [0, 1]; NaN stays NaN."""
    from scipy.special import ndtri

    return np.asarray(
        ndtri(np.clip(np.asarray(accuracy, dtype=np.float64), EDGE, 1 - EDGE)), dtype=np.float64
    )


def to_accuracy(scaled: ArrayLike) -> Floats:
    """Return accuracies in [0, 1]."""
    from scipy.special import ndtr

    return np.asarray(ndtr(np.asarray(scaled, dtype=np.float64)), dtype=np.float64)


def slope(accuracy: ArrayLike) -> Floats:
    """Return d probit(a) / d a."""
    z = to_scale(accuracy)
    return np.asarray(np.sqrt(2 * np.pi) * np.exp(z**2 / 2), dtype=np.float64)
