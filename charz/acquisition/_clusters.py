"""k-means with the samplers' randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import squared_distances
from charz.samplers import _random

if TYPE_CHECKING:
    from charz.records import Floats, Ints

ROUNDS = 10


def clusters(Z: Floats, k: int, seed: int, purpose: str, weights: Floats | None = None) -> Ints:
    """Return the cluster of each row, int64 (n,), codes in ``range(k)``, some may be empty.

    Lloyd's algorithm from k-means++ centres, at most `ROUNDS` rounds.

    Parameters
    ----------
    Z : float array (n, d)
    k : int
        At most n.
    weights : float array (n,), optional
        Not negative; what each row counts.

    Examples
    --------
    >>> of = clusters(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, seed=0, purpose="doc")
    >>> of[0] == of[1], of[2] == of[3], of[0] == of[2]
    (np.True_, np.True_, np.False_)
    """
    w = np.ones(len(Z)) if weights is None else weights
    centres = _begin(Z, k, w, _random.uniform(k, seed, purpose))
    of = _nearest(Z, centres)
    for _ in range(ROUNDS):
        share = np.zeros((k, len(Z)), dtype=Z.dtype)
        share[of, np.arange(len(Z))] = w
        sums = share @ Z
        mass = np.bincount(of, weights=w, minlength=k)
        filled = mass > 0
        centres[filled] = (sums[filled] / mass[filled, None]).astype(centres.dtype)
        again = _nearest(Z, centres)
        if np.array_equal(again, of):
            break
        of = again
    return of


def _nearest(Z: Floats, centres: Floats) -> Ints:
    found: Ints = squared_distances(Z, centres).argmin(axis=1)
    return found


def _begin(Z: Floats, k: int, w: Floats, u: Floats) -> Floats:
    places: list[int] = []
    nearest = np.ones(len(Z))
    for draw in u:
        sums = np.cumsum(w * nearest)
        place = int(np.searchsorted(sums, draw * sums[-1], side="right"))
        places.append(min(place, len(Z) - 1))
        to_it = squared_distances(Z, Z[places[-1] : places[-1] + 1])[:, 0]
        nearest = np.minimum(nearest, to_it) if len(places) > 1 else to_it.astype(np.float64)
    return Z[places].copy()
