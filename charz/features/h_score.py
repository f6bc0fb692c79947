"""H-score: how much of the class means' scatter the features explain, plain and shrunk.

Formula: ``plain`` tr(S^+ S_b), S the covariance of the rows and S_b that of their class means;
``shrunk`` tr(S_a^-1 (1 - a) S_b), S_a = (1 - a) S + a tr(S)/d I with a Ledoit and Wolf's
shrinkage. In [0, K - 1]; NaN for one class or constant rows. With n <= d the plain one only
counts classes.
Source: Bao et al., ICIP 2019; Ibrahim et al., Newer is not always better, 2021; Ledoit and Wolf,
J. Multivariate Analysis 2004. Cost: O(n r K) after the shared decomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import axes, variances

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("plain", "shrunk")


def compute(sample: Sample) -> dict[str, float]:
    """Return the H-score with the sample's covariance and with the shrunk one.

    >>> from charz.sample import Sample
    >>> scores = compute(Sample([[0, 1], [0, 2], [2, 1], [2, 2]], [0, 0, 1, 1], [[0, 0]]))
    >>> round(scores["plain"], 6), round(scores["shrunk"], 6)
    (1.0, 0.666667)
    """
    values = variances(sample)
    if len(sample.present) < 2 or not values.size:
        return {"plain": math.nan, "shrunk": math.nan}
    sums = sample.one_hot[:, sample.present].T @ axes(sample)
    explained = (sums**2 / sample.class_counts[sample.present][:, None]).sum(axis=0)
    a = _shrinkage(sample, values)
    kept = (1 - a) * values
    shrunk = kept / (kept + a * values.sum() / sample.n_dims)
    return {"plain": float(explained.sum()), "shrunk": float(shrunk @ explained)}


def _shrinkage(sample: Sample, values: Floats) -> float:
    """Return Ledoit and Wolf's weight on the scaled identity, in [0, 1]."""
    n, d = sample.n_train, sample.n_dims
    squares = float(values @ values)
    distance = squares - float(values.sum()) ** 2 / d
    lengths = np.einsum("ij,ij->i", sample.centered, sample.centered)
    error = (float(lengths @ lengths) / n - squares) / n
    return 0.0 if distance <= 1e-12 * squares else min(max(error, 0.0) / distance, 1.0)
