"""No growth: the score at the largest size stays as it is. The baseline of every curve.

``value(n) = mean score at the largest measured n``. Hard to beat from half the data upward.

>>> value([1000], fit([32, 64, 64], [0.6, 0.7, 0.8]))
array([0.75])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats


def fit(n: ArrayLike, score: ArrayLike, noise: ArrayLike | None = None) -> tuple[float]:
    """Return the mean score at the largest size; NaN without a point.

    Raises
    ------
    InputError
        When shapes differ, or a size or a standard error is not positive.
    """
    measured = points(n, score, noise)
    if not len(measured):
        return (float("nan"),)
    return (float(measured[measured[:, 0] == measured[-1, 0], 1].mean()),)


def value(n: ArrayLike, parameters: tuple[float]) -> Floats:
    """Return the stored score for every size, (sizes,)."""
    return np.full(np.shape(np.asarray(n)), float(parameters[0]))
