"""k-centre: the row farthest from every labelled one, again and again.

Source: O. Sener, S. Savarese, "Active learning for convolutional neural networks: a core-set
approach", ICLR 2018, algorithm 1. Finds outliers first; known to do ill with few labels.
Distances are of rows less their mean, of length one. Cold it begins with the row nearest to the
mean direction of none: the first candidate by the seed's order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import Picks, squared_distances
from charz.samplers import _random

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats

REASON = "it is {value:.2f} from the nearest text that is labelled or suggested before"
SEQUENTIAL = True
NEEDS_CLASSES = False


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return the greedy centres; earlier rows of equals."""
    Z = pool.directions[pool.candidates]
    nearest = _nearest(pool, Z, seed)
    places, values = [], []
    free = np.ones(len(Z), dtype=bool)
    for _ in range(pool.spare(budget)):
        place = int(np.where(free, nearest, -1.0).argmax())
        free[place] = False
        places.append(place)
        values.append(min(float(nearest[place]), 4.0))
        nearest = np.minimum(nearest, squared_distances(Z, Z[place : place + 1])[:, 0])
    rows = np.array(places, dtype=np.int64)
    return Picks(pool.candidates[rows], np.sqrt(np.array(values)))


def _nearest(pool: Pool, Z: Floats, seed: int) -> Floats:
    """Return squared distances to the nearest labelled row; without one, the first row's is 5."""
    if len(pool.rows):
        known: Floats = squared_distances(Z, pool.directions[pool.rows]).min(axis=1)
        return known
    order = _random.permutation(len(pool), seed, "rows")
    nearest = np.full(len(Z), 4.0, dtype=np.float32)
    begin = order[np.isin(order, pool.candidates)][:1]
    nearest[np.isin(pool.candidates, begin)] = 5.0
    return nearest
