"""The log-power curve: ``value(n) = a / (1 + (n / e^b)^c)``.

``a`` in [0, 1] is the score with endless data and c <= 0, so that curves rise: half of ``a`` is
reached at ``n = e^b``. Needs three distinct sizes. Source: the family ``logpower3`` of LCDB (Mohr
et al. 2022).

>>> sizes = np.array([16, 64, 256, 1024])
>>> parameters = fit(sizes, 0.9 / (1 + (sizes / np.exp(3)) ** -0.5))
>>> np.round(parameters, 2)
array([ 0.9,  3. , -0.5])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points, robust

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

GUESSES = (-0.2, -0.5, -1.0)


def fit(n: ArrayLike, score: ArrayLike, noise: ArrayLike | None = None) -> tuple[float, ...]:
    """Return (a, b, c); all NaN with fewer than three distinct sizes.

    Raises
    ------
    InputError
        When shapes differ, or a size or a standard error is not positive.
    """
    measured = points(n, score, noise)
    if len(np.unique(measured[:, 0])) < 3:
        return (float("nan"),) * 3
    middle, top = float(np.log(measured[0, 0])), measured[:, 1].max()
    starts = [(top + 0.03, middle, c) for c in GUESSES]

    def curve(x: Floats, p: Floats) -> Floats:
        return np.asarray(p[0] / (1 + np.exp(p[2] * (np.log(x) - p[1]))))

    far = float(np.log(measured[-1, 0])) + 5
    a, b, c = robust(curve, measured, starts, (0, -10, -3), (1, far, -0.01))
    return float(a), float(b), float(c)


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c = parameters
    sizes = np.asarray(n, dtype=np.float64)
    return np.asarray(np.clip(a / (1 + np.exp(c * (np.log(sizes) - b))), 0, 1))
