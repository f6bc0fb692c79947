"""The points of a learning curve, and bounded robust fits to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from charz.records import Floats

#: Residuals beyond two accuracy points count linearly: one unlucky draw bends no curve.
SCALE = 0.02


def points(n: ArrayLike, score: ArrayLike) -> Floats:
    """Return the measured points by size, (points, 2): n and score, those with NaN left out.

    Raises
    ------
    InputError
        When shapes differ or a size is not positive.

    >>> points([64, 32, 128], [0.8, 0.7, np.nan])
    array([[32. ,  0.7],
           [64. ,  0.8]])
    """
    sizes, scores = np.asarray(n, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != scores.shape:
        raise InputError(
            f"a curve has sizes {sizes.shape} and scores {scores.shape}", "give one score per size"
        )
    if (sizes <= 0).any():
        raise InputError("a curve has a size that is not positive", "give numbers of rows")
    known = np.isfinite(sizes) & np.isfinite(scores)
    order = np.lexsort((scores[known], sizes[known]))
    return np.column_stack([sizes[known], scores[known]])[order]


def robust(
    curve: Callable[[Floats, Floats], Floats],
    measured: Floats,
    starts: Sequence[Sequence[float]],
    low: Sequence[float],
    high: Sequence[float],
) -> Floats:
    """Return the parameters in bounds with the least soft-L1 loss, over all starts.

    Parameters
    ----------
    curve : callable (n, parameters) -> scores
    measured : array (points, 2)
    starts : sequences of first guesses; what lies outside the bounds is moved to them
    """
    from scipy.optimize import least_squares

    x, y = measured.T

    def slack(p: Floats) -> Floats:
        return np.asarray(curve(x, p) - y)

    margin = 1e-9 * (np.asarray(high, dtype=np.float64) - np.asarray(low))
    fits = [
        least_squares(
            slack,
            np.clip(start, low + margin, high - margin),
            bounds=(low, high),
            loss="soft_l1",
            f_scale=SCALE,
            x_scale=np.asarray(high, dtype=np.float64) - low,
        )
        for start in starts
    ]
    return np.asarray(min(fits, key=lambda fit: float(fit.cost)).x, dtype=np.float64)
