"""The shifted power law: ``value(n) = a - b (n + d)^-c``.

As ``pow3`` with a shift d >= 0, up to ten times the largest size, that lets a curve start
flat. Needs four distinct sizes. Source: the family ``pow4`` of LCDB (Mohr et al. 2022), where
it extrapolates better than ``pow3``.

>>> parameters = fit([16, 64, 256, 1024], [0.65, 0.75, 0.80, 0.825])
>>> bool(0.83 < value([4096], parameters)[0] < 0.845)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points, robust
from charz.curves.pow3 import FASTEST, GUESSES, SLOWEST

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats


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

    def curve(x: Floats, p: Floats) -> Floats:
        shift = largest * p[3]
        return np.asarray(p[0] - p[1] * ((x + shift) / (smallest + shift)) ** -p[2])

    starts = [(top + 0.02, max(top - first, 0.01), c, d) for c in GUESSES for d in (0.001, 0.1)]
    a, missing, c, d = robust(curve, measured, starts, (0, 0, SLOWEST, 0), (1, 2, FASTEST, 10))
    shift = float(largest * d)
    return float(a), float(missing * (smallest + shift) ** c), float(c), shift


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c, d = parameters
    sizes = np.asarray(n, dtype=np.float64)
    return np.asarray(np.clip(a - b * (sizes + d) ** -c, 0, 1))
