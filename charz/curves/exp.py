"""The exponential approach: ``value(n) = a - b exp(-c n)``.

``a`` in [0, 1] is the score with endless data. It flattens soonest of all families, and so says
least of what more labels bring. Needs three distinct sizes. Source: the family ``exp3`` of LCDB
(Mohr et al. 2022).

>>> parameters = fit([10, 20, 40, 80], 0.8 - 0.5 * np.exp(-0.05 * np.array([10, 20, 40, 80])))
>>> np.round(parameters, 2)
array([0.8 , 0.5 , 0.05])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.curves._points import points, robust

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

GUESSES = (0.3, 1.0, 3.0)


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
    # Rates are counted per geometric mean of the sizes.
    unit = float(np.sqrt(measured[0, 0] * measured[-1, 0]))
    first, top = measured[0, 1], measured[:, 1].max()
    starts = [(top + 0.01, max(top - first, 0.05), c) for c in GUESSES]

    def curve(x: Floats, p: Floats) -> Floats:
        return np.asarray(p[0] - p[1] * np.exp(-p[2] * x / unit))

    a, b, c = robust(curve, measured, starts, (0, 0, 0.01), (1, 2, 30))
    return float(a), float(b), float(c / unit)


def value(n: ArrayLike, parameters: tuple[float, ...]) -> Floats:
    """Return the scores at the sizes, clipped to [0, 1]; NaN where nothing was fitted."""
    a, b, c = parameters
    return np.asarray(np.clip(a - b * np.exp(-c * np.asarray(n, dtype=np.float64)), 0, 1))
