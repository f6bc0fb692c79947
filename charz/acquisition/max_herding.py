"""MaxHerding: rows that, with the labelled ones, leave no part of the pool far away.

Greedily maximises sum_x max_l k(x, l) over the pool, with k(x, l) = exp(-|x - l|^2 / 2) on rows
less their mean, of length one. Source: W. Bae, J. Noh, D. J. Sutherland, "Generalized coverage
for more robust low-budget active learning", ECCV 2024, algorithm 1. Needs no labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._cover import greedy
from charz.acquisition._pool import Picks, squared_distances

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats

REASON = "it brings {value:.2%} of the pool nearer to a label"
SEQUENTIAL = True
NEEDS_CLASSES = False


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return rows by their gain of coverage, the greatest first."""
    weights = np.ones(len(pool.references))
    places, gains = greedy(*kernels(pool, 1.0), weights, pool.spare(budget))
    return Picks(pool.candidates[places], gains / max(len(weights), 1))


def kernels(pool: Pool, width: float) -> tuple[Floats, Floats]:
    """Return the kernel of references and candidates, and what labelled rows cover of each.

    Returns
    -------
    K, covered : float32 arrays (n_references, n_candidates), (n_references,)
    """
    R = pool.directions[pool.references]
    K = np.exp(squared_distances(R, pool.directions[pool.candidates]) / np.float32(-2 * width**2))
    if not len(pool.rows):
        return K, np.zeros(len(R), dtype=np.float32)
    nearest = squared_distances(R, pool.directions[pool.rows]).min(axis=1)
    return K, np.exp(nearest / np.float32(-2 * width**2))
