"""How spread each class is: entropy of its rows from nearest neighbours, per dimension.

Formula: sum_c n_c/n h_c, h_c = mean_i ln r_i + (psi(n_c) - psi(k) + ln V_d) / d, r_i the distance
of row i to its k-th nearest row of class c in units of the rows' root mean square length, at
least 1e-3, k = 3 or n_c - 1 where that is less, V_d the volume of the unit ball; in (-inf, inf).
Classes of one row are left out, of the weights too. Over at most 1,024 rows, an even choice. NaN
for one class, classes of one row each, or constant rows.
Source: Xu and Kang, Fast and accurate transferability measurement by evaluating intra-class
feature variance, ICCV 2023; the estimate of entropy Kozachenko and Leonenko, 1987.
Cost: O(n^2 / K) after the shared distances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
NEIGHBOUR = 3
LEAST = 1e-6
"""Squared distance, in squares of the unit, that a smaller one counts as."""


def compute(sample: Sample) -> float:
    """Return the mean entropy of the classes per dimension.

    >>> from charz.sample import Sample
    >>> tight = compute(Sample([[0], [1], [9], [10]], [0, 0, 1, 1], [[0]]))
    >>> loose = compute(Sample([[0], [1], [9], [10]], [0, 1, 0, 1], [[0]]))
    >>> round(tight, 3), round(loose, 3)
    (0.183, 2.38)
    """
    constant = sample.scatter <= sample.noise * sample.n_train
    if len(sample.present) < 2 or constant:
        return math.nan
    y = sample.y_train[sample.compared]
    counts = np.bincount(y)
    several = np.flatnonzero(counts > 1)
    if not several.size:
        return math.nan
    rows = [np.flatnonzero(y == c) for c in several]
    found = [_entropy(sample.among[np.ix_(some, some)], sample.n_dims) for some in rows]
    return float(np.average(found, weights=counts[several]))


def _entropy(squared: Floats, d: int) -> float:
    """Return the entropy per dimension of a class from its rows' squared distances."""
    from scipy.special import gammaln, psi

    n = len(squared)
    k = min(NEIGHBOUR, n - 1)
    far = np.partition(squared, k - 1, axis=1)[:, k - 1].astype(np.float64)
    ball = d / 2 * math.log(math.pi) - gammaln(d / 2 + 1)
    logs = np.log(np.maximum(far, LEAST)).mean() / 2
    return float(logs + (psi(n) - psi(k) + ball) / d)
