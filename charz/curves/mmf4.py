"""The growth curve of Morgan, Mercer and Flodin: ``value(n) = (a b + c n^d) / (b + n^d)``.

``a`` is the score without data, ``c`` in [0, 1] the one with endless data, half of the way done at
``n = b^(1/d)``; 0.1 <= d <= 3. Needs four distinct sizes. Source: Morgan, Mercer and Flodin, PNAS
1975; the family ``mmf4`` of LCDB (Mohr et al. 2022).

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

GUESSES = (0.4, 0.8, 1.5)


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
    # Where half of the way is done is better scaled than b.
    smallest, largest = measured[0, 0], measured[-1, 0]
    first, top = measured[0, 1], measured[:, 1].max()
    middle = float(np.log(np.sqrt(smallest * largest)))
    starts = [(max(first - 0.1, 0), top + 0.03, middle, d) for d in GUESSES]

    def curve(x: Floats, p: Floats) -> Floats:
        share = 1 / (1 + np.exp(-p[3] * (np.log(x) - p[2])))
        return np.asarray(p[0] + (p[1] - p[0]) * share)

    far = float(np.log(largest)) + 5
    a, c, half, d = robust(curve, measured, starts, (0, 0, -5, 0.1), (1, 1, far, 3))
    return float(a), float(np.exp(half * d)), float(c), float(d)


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c, d = parameters
    grown = np.asarray(n, dtype=np.float64) ** d
    return np.asarray(np.clip((a * b + c * grown) / (b + grown), 0, 1))
