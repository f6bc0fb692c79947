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


def points(n: ArrayLike, score: ArrayLike, noise: ArrayLike | None = None) -> Floats:
    """Return the measured points by size, (points, 3): n, score and weight, none with NaN.

    Parameters
    ----------
    n, score : arrays (points,)
    noise : array (points,), optional
        Standard errors of the scores; a weight is the least of them over its own. Default: equal.

    Raises
    ------
    InputError
        When shapes differ, or a size or a standard error is not positive.

    >>> points([64, 32, 128], [0.8, 0.7, np.nan])
    array([[32. ,  0.7,  1. ],
           [64. ,  0.8,  1. ]])
    """
    sizes, scores = np.asarray(n, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != scores.shape:
        raise InputError(
            f"a curve has sizes {sizes.shape} and scores {scores.shape}", "give one score per size"
        )
    if (sizes <= 0).any():
        raise InputError("a curve has a size that is not positive", "give numbers of rows")
    errors = np.ones(len(sizes)) if noise is None else np.asarray(noise, dtype=np.float64)
    if errors.shape != sizes.shape or not (errors > 0).all():
        raise InputError(
            "the standard errors of a curve are not all positive", "give one per size, over 0"
        )
    weights = errors.min(initial=np.inf) / errors
    known = np.isfinite(sizes) & np.isfinite(scores)
    order = np.lexsort((scores[known], sizes[known]))
    return np.column_stack([sizes[known], scores[known], weights[known]])[order]


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
    measured : array (points, 3)
        As `points` gives them.
    starts : sequences of first guesses; what lies outside the bounds is moved to them
    """
    from scipy.optimize import least_squares

    x, y, weight = measured.T

    def slack(p: Floats) -> Floats:
        return np.asarray((curve(x, p) - y) * weight)

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
