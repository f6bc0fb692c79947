"""Entropy: the rows whose class is least certain.

Formula: -sum_c p_c log p_c, largest first. Source: B. Settles, "Active learning literature
survey", Wisconsin 1648 (2009), section 3.1. Cold: random rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import Picks

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool

REASON = "the classes' probabilities have an entropy of {value:.2f} nats"
SEQUENTIAL = False
NEEDS_CLASSES = True
COLD = "random"


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return the rows of the largest entropies, the largest first; earlier rows of equals."""
    P = pool.probabilities(pool.candidates)
    found = -(P * np.log(np.where(P > 0, P, 1))).sum(axis=1)
    order = np.argsort(-found, kind="stable")[:budget]
    return Picks(pool.candidates[order], found[order])
