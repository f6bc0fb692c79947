"""How far class means stand apart, and how evenly they point.

Formula: the squared distance of two class means, less what it is for equal true means, s^2 (1/n_a +
1/n_b), at least 0, over s^2 = sum_i |x_i - mu_y|^2 / (n - K): ``nearest`` the square root of the
least over pairs of classes, ``mean`` the mean square root, in [0, inf), NaN where n = K or no
class varies; ``cosine_std`` the standard deviation over pairs of the cosine of class means less
their common mean, in [0, 1], 0 where they are equiangular (and for two classes), NaN where a mean
is the common one. K the classes present; all NaN for one.
Source: Papyan, Han and Donoho, PNAS 2020 (NC2, equiangularity); Calinski and Harabasz, 1974, for
s^2. Cost: O(K^2 d).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("nearest", "mean", "cosine_std")


def compute(sample: Sample) -> dict[str, float]:
    """Return the least and the mean distance of class means, and how their cosines vary.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [2], [8], [10], [30], [32]], [0, 0, 1, 1, 2, 2]
    >>> {name: round(value, 3) for name, value in compute(Sample(X, y, [[0]])).items()}
    {'nearest': 5.568, 'mean': 14.094, 'cosine_std': 0.943}
    """
    if len(sample.present) < 2:
        return dict.fromkeys(OUTPUTS, math.nan)
    means = sample.class_offsets[sample.present] / sample.unit
    means = means - means.mean(axis=0)
    gram = means @ means.T
    pairs = np.triu_indices(len(gram), 1)
    lengths = np.diag(gram)
    spread = _within(sample)
    nearest = mean = cosine_std = math.nan
    if spread > sample.floor:
        counts = sample.class_counts[sample.present]
        squared = (
            (lengths[:, None] + lengths - 2 * gram) / spread - 1 / counts[:, None] - 1 / counts
        )
        apart = np.sqrt(np.maximum(squared[pairs], 0))
        nearest, mean = float(apart.min()), float(apart.mean())
    if lengths.min() > max(sample.floor, 1e-12 * lengths.max()):
        roots = np.sqrt(lengths)
        cosine_std = float((gram / roots / roots[:, None])[pairs].std())
    return {"nearest": nearest, "mean": mean, "cosine_std": min(cosine_std, 1.0)}


def _within(sample: Sample) -> float:
    """Return the mean squared distance to the own class mean by its degrees of freedom."""
    freedom = sample.n_train - len(sample.present)
    rest: Floats = sample.centered - sample.class_offsets[sample.y_train]
    return float(np.einsum("ij,ij", rest, rest)) / (freedom * sample.unit**2) if freedom else 0.0
