"""Random: the baseline that every other strategy must beat.

One order of the pool per seed; the rows of it that have no label, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import Picks
from charz.samplers import _random

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool

REASON = "a random text"
SEQUENTIAL = True
NEEDS_CLASSES = False


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return the next rows of the seed's order.

    Examples
    --------
    >>> from charz.acquisition._pool import Pool
    >>> none = np.array([], dtype=np.int64)
    >>> pick(Pool(np.eye(5), none, none, 1), 3, seed=0).rows
    array([3, 1, 0])
    """
    order = _random.permutation(len(pool), seed, "rows")
    rows = order[np.isin(order, pool.available)][:budget]
    return Picks(rows, np.zeros(len(rows)))
