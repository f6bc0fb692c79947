"""TypiClust: a typical row of every large cluster that has no label.

k-means makes as many clusters as there will be labels, at most 500; of those without a label the
largest come first, and each gives its most typical row: that with the least mean distance to its
20 nearest rows of the cluster. Clusters of fewer than 5 rows wait until no other is left.
Source: G. Hacohen, A. Dekel, D. Weinshall, "Active learning on a budget: opposite strategies
suit high and low budgets", ICML 2022, algorithm 1. Needs no labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._clusters import clusters
from charz.acquisition._pool import Picks, squared_distances

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats, Ints

REASON = "it is typical of a cluster of {value:.0f} texts"
SEQUENTIAL = False
NEEDS_CLASSES = False
MOST_CLUSTERS = 500
LEAST_ROWS = 5
N_NEAREST = 20


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return typical rows, those of the largest clusters first; in rounds where clusters end."""
    rows = np.concatenate([pool.candidates, pool.rows])
    Z = pool.directions[rows]
    k = min(len(pool.rows) + budget, MOST_CLUSTERS, len(rows))
    of = clusters(Z, k, seed, pool.purpose("typiclust"))
    n_labels = np.bincount(of[len(pool.candidates) :], minlength=k)
    queues = {c: _by_typicality(Z, np.flatnonzero(of == c), len(pool.candidates)) for c in range(k)}
    sizes = np.bincount(of, minlength=k)
    places, values = [], []
    for _ in range(pool.spare(budget)):
        open_ = [c for c in range(k) if queues[c]]
        c = min(open_, key=lambda c: (n_labels[c], sizes[c] < LEAST_ROWS, -sizes[c], c))
        places.append(queues[c].pop(0))
        values.append(float(sizes[c]))
        n_labels[c] += 1
    found = np.array(places, dtype=np.int64)
    return Picks(pool.candidates[found], np.array(values))


def _by_typicality(Z: Floats, members: Ints, n_candidates: int) -> list[int]:
    """Return the members of a cluster that can be picked, the most typical first."""
    order = np.argsort(spread(Z[members]), kind="stable")
    return [int(place) for place in members[order] if place < n_candidates]


def spread(Z: Floats) -> Floats:
    """Return each row's mean distance to its `N_NEAREST` nearest others, (n,); 0 for a lone one.

    >>> spread(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).round(2)
    array([0.71, 1.41, 0.71])
    """
    if len(Z) < 2:
        return np.zeros(len(Z))
    D = np.sqrt(squared_distances(Z, Z))
    np.fill_diagonal(D, np.inf)
    k = min(N_NEAREST, len(Z) - 1)
    found: Floats = np.partition(D, k - 1, axis=1)[:, :k].mean(axis=1)
    return found
