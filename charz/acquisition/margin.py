"""Margin: the rows whose two most probable classes are closest.

Source: T. Scheffer, C. Decomain, S. Wrobel, "Active hidden Markov models for information
extraction", IDA 2001. Cold: random rows, as in most of the literature; with few labels the
strategy is known to be no better than they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import Picks, margins

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool

REASON = "the two most probable classes are {value:.2f} apart"
SEQUENTIAL = False
NEEDS_CLASSES = True
COLD = "random"


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return the rows of the smallest margins, the smallest first; earlier rows of equals."""
    found = margins(pool.probabilities(pool.candidates))
    order = np.argsort(found, kind="stable")[:budget]
    return Picks(pool.candidates[order], found[order])
