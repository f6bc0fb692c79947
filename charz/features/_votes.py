"""The credit of an argmax, where ties are shared.

Sharing makes the answer a property of the points: neither the order of rows nor the codes
of the classes decides a tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints


def credit(scores: Floats, classes: Ints) -> Floats:
    """Return 1 where the class has the best score, 1/m where it ties with m - 1 others, else 0.

    Scores within 1e-9 of the best, relative to its size or to 1, tie.

    >>> credit(np.array([[2.0, 1.0], [1.0, 1.0], [0.0, 3.0]]), np.array([0, 0, 0]))
    array([1. , 0.5, 0. ])
    """
    best = scores.max(axis=1, keepdims=True)
    winners = scores >= best - 1e-9 * np.maximum(np.abs(best), 1)
    won = winners[np.arange(len(scores)), classes]
    shared: Floats = won / winners.sum(axis=1)
    return shared
