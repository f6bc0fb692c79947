"""How unevenly labelled rows are neighbours of eval rows.

Formula: N_j the number of eval rows that have labelled row j among their 5 nearest; ``skewness``
mean((N - mean N)^3) / mean((N - mean N)^2)^1.5, in (-inf, inf), large where a few hubs answer for
all, NaN where N is the same for all; ``orphans`` the share of rows with N_j = 0, in [0, 1). Rows
tied with the fifth count too; with fewer than 5 labelled rows all are near.
Source: Radovanovic, Nanopoulos and Ivanovic, Hubs in space, JMLR 2010, section 2. Cost: O(n m)
comparisons after the shared neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("skewness", "orphans")
K = 5


def compute(sample: Sample) -> dict[str, float]:
    """Return the skewness of occurrences and the share of rows that never occur.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [3], [4], [9]], [0, 0, 0, 1, 1, 1]
    >>> found = compute(Sample(X, y, [[1], [2]]))
    >>> round(found["skewness"], 3), round(found["orphans"], 3)
    (-1.789, 0.167)
    """
    edges = sample.eval_near.edges[K]
    counts = np.zeros(sample.n_train, dtype=np.int64)
    for rows, block in sample.eval_distances:
        counts += np.count_nonzero(block <= edges[rows, None].astype(block.dtype), axis=0)
    off = counts - counts.mean()
    variance = float((off**2).mean())
    return {
        "skewness": float((off**3).mean()) / variance**1.5 if np.ptp(counts) else math.nan,
        "orphans": float((counts == 0).mean()),
    }
