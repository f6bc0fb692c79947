"""The Weibull growth curve: ``value(n) = c - b exp(-a n^d)``.

``c`` in [0, 1] is the score with endless data, b >= 0 what is missing without any, d in [0.05, 2]
the shape. Needs four distinct sizes. Source: Gu, Hu and Liu, Modelling classification performance
for large data sets, 2001; the family ``wbl4`` of LCDB (Mohr et al. 2022).

>>> parameters = fit([16, 64, 256, 1024], [0.6, 0.7, 0.76, 0.79])
>>> bool(0.79 < value([4096], parameters)[0] < 0.82)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points, robust

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

GUESSES = (0.2, 0.5, 1.0)


def fit(n: ArrayLike, score: ArrayLike, noise: ArrayLike | None = None) -> tuple[float, ...]:
    """Return (a, b, c, d); all NaN with fewer than four distinct sizes.

    Raises
    ------
    InputError
        When shapes differ, or a size or a standard error is not positive.
    """
    measured = points(n, score, noise)
    if len(np.unique(measured[:, 0])) < 4:
        return (float("nan"),) * 4
    smallest, largest = measured[0, 0], measured[-1, 0]
    first, top = measured[0, 1], measured[:, 1].max()
    middle = float(np.log(np.sqrt(smallest * largest)))
    starts = [(max(top - first, 0.05) * 2, top + 0.03, middle, d) for d in GUESSES]

    def curve(x: Floats, p: Floats) -> Floats:
        return np.asarray(p[1] - p[0] * np.exp(-np.exp(p[3] * (np.log(x) - p[2]))))

    far = float(np.log(largest)) + 5
    b, c, scale, d = robust(curve, measured, starts, (0, 0, -5, 0.05), (2, 1, far, 2))
    return float(np.exp(-scale * d)), float(b), float(c), float(d)


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c, d = parameters
    grown = np.asarray(n, dtype=np.float64) ** d
    return np.asarray(np.clip(c - b * np.exp(-a * grown), 0, 1))
