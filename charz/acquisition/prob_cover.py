"""ProbCover: balls around rows that hold most of the pool not yet covered.

The radius is the largest at which balls are pure, that is, 95% of them hold rows of one cluster
only, with as many clusters of k-means as classes are known, 10 where fewer than two are.
Source: O. Yehuda et al., "Active learning through a covering lens", NeurIPS 2022, algorithm 1 and
section 3.3; that the radius is hard to choose is shown in Bae et al. (see `max_herding`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._clusters import clusters
from charz.acquisition._cover import greedy
from charz.acquisition._pool import Picks, squared_distances

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats

REASON = "its ball holds {value:.2%} of the pool that no other covers"
SEQUENTIAL = False
NEEDS_CLASSES = False
PURITY = 0.95
CLUSTERS = 10
RADII = 20


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return rows by what their ball covers, the most first."""
    R = pool.directions[pool.references]
    radius = radius_of(pool, seed)
    inside, near = (
        (squared_distances(R, pool.directions[rows]) <= radius**2).astype(np.float32)
        for rows in (pool.candidates, pool.rows)
    )
    covered: Floats = near.max(axis=1, initial=0)
    places, gains = greedy(inside, covered, np.ones(len(R)), pool.spare(budget))
    return Picks(pool.candidates[places], gains / max(len(R), 1))


def radius_of(pool: Pool, seed: int) -> float:
    """Return the largest of `RADII` radii at which `PURITY` of the balls are pure."""
    R = pool.directions[pool.references]
    if len(R) < 2:
        return 1.0
    k = min(pool.n_classes if pool.n_seen > 1 else CLUSTERS, len(R))
    of = clusters(R, k, seed, "prob_cover")
    D = squared_distances(R, R)
    other = np.where(of[:, None] == of, np.inf, D).min(axis=1)  # nearest row of another cluster
    np.fill_diagonal(D, np.inf)
    least = float(np.sqrt(np.median(D.min(axis=1))))
    radii = np.linspace(least / 2, 1.2, RADII)
    pure = [(other > radius**2).mean() >= PURITY for radius in radii]
    return float(radii[max(np.flatnonzero(pure), default=0)])
