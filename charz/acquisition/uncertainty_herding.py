"""Uncertainty herding: coverage of the uncertain part of the pool.

Greedily maximises sum_x u(x) max_l k(x, l) with u = 1 - margin of the probe on the labelled rows
and k of width the median distance of a labelled row to the nearest other one, at most 1. With
few labels all rows are uncertain and the kernel is wide: coverage. With many, the kernel is
narrow: uncertainty. Source: W. Bae, G. L. Oliveira, D. J. Sutherland, "Uncertainty herding: one
active learning method for all label budgets", ICLR 2025, which takes the least distance where
this takes the median. Cold: `max_herding`, which is the same with u = 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._cover import greedy
from charz.acquisition._pool import Picks, margins, squared_distances
from charz.acquisition.max_herding import kernels

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats

REASON = "it brings {value:.2%} of what is uncertain in the pool nearer to a label"
SEQUENTIAL = False
NEEDS_CLASSES = True
COLD = "max_herding"
LEAST = 0.05
"""The narrowest kernel."""


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return rows by their gain of uncertain coverage, the greatest first."""
    u = uncertainty(pool)
    places, gains = greedy(*kernels(pool, width(pool)), u, pool.spare(budget))
    return Picks(pool.candidates[places], gains / max(float(u.sum()), 1e-12))


def uncertainty(pool: Pool) -> Floats:
    """Return one less the margin of each reference, 0 for labelled rows, (n_references,)."""
    u = 1 - margins(pool.probabilities(pool.references))
    u[np.isin(pool.references, pool.rows)] = 0
    return u


def width(pool: Pool) -> float:
    """Return the median distance of a labelled row to the nearest other one, in [LEAST, 1]."""
    Z = pool.directions[pool.rows]
    D = squared_distances(Z, Z)
    np.fill_diagonal(D, np.inf)
    return float(np.clip(np.sqrt(np.median(D.min(axis=1))), LEAST, 1.0))
