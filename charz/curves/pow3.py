"""The power law with three parameters: ``value(n) = a - b n^-c``.

``a`` in [0, 1] is the score with endless data, ``b n^-c`` what is still missing; b >= 0 and
0.02 <= c <= 2, so curves rise and flatten. Fitted by least squares that count residuals beyond two
points linearly, from four first guesses. Needs three distinct sizes.

Source: Cortes et al., Learning curves, 1993; the family ``pow3`` of LCDB (Mohr et al. 2022).

>>> parameters = fit([16, 64, 256, 1024], [0.65, 0.75, 0.80, 0.825])
>>> np.round(parameters, 2), np.round(value([4096], parameters), 4)
(array([0.85, 0.8 , 0.5 ]), array([0.8375]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points, robust

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

SLOWEST, FASTEST = 0.02, 2.0
GUESSES = (0.1, 0.3, 0.6, 1.2)


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
    # What is missing at the smallest size is a better-scaled unknown than b.
    smallest, first, top = measured[0, 0], measured[0, 1], measured[:, 1].max()

    def curve(x: Floats, p: Floats) -> Floats:
        return np.asarray(p[0] - p[1] * (x / smallest) ** -p[2])

    starts = [(top + 0.02, max(top - first, 0.01), c) for c in GUESSES]
    a, missing, c = robust(curve, measured, starts, (0, 0, SLOWEST), (1, 2, FASTEST))
    return float(a), float(missing * smallest**c), float(c)


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c = parameters
    return np.asarray(np.clip(a - b * np.asarray(n, dtype=np.float64) ** -c, 0, 1))
