"""Diverse margin: of the rows that are least certain, one of each cluster.

Of the ``10 budget`` rows of the smallest margins k-means, where a row counts by one less its
margin, makes ``budget`` clusters, and each gives the row nearest to its centre. Source:
F. Zhdanov, "Diverse mini-batch active learning", arXiv:1901.05954 (2019), algorithm 1. Cold:
`typiclust`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._clusters import clusters
from charz.acquisition._pool import Picks, margins, squared_distances

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool

REASON = "of many like it whose classes are close, {value:.2f} apart, it stands in the middle"
SEQUENTIAL = False
NEEDS_CLASSES = True
COLD = "typiclust"
TIMES = 10


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return the middle rows of the clusters, the smallest margin first."""
    found = margins(pool.probabilities(pool.candidates))
    n_picks = pool.spare(budget)
    narrow = np.argsort(found, kind="stable")[: TIMES * n_picks]
    Z, w = pool.directions[pool.candidates[narrow]], 1 - found[narrow] + 1e-6
    of = clusters(Z, n_picks, seed, pool.purpose("diverse_margin"), w)
    places = []
    for c in range(n_picks):
        members = np.flatnonzero(of == c)
        if len(members):
            centre = np.average(Z[members], axis=0, weights=w[members])[None].astype(np.float32)
            places.append(narrow[members[squared_distances(Z[members], centre)[:, 0].argmin()]])
    rest = narrow[~np.isin(narrow, places)][: n_picks - len(places)]
    order = np.sort(np.concatenate([np.array(places, dtype=np.int64), rest]))
    order = order[np.argsort(found[order], kind="stable")]
    return Picks(pool.candidates[order], found[order])
