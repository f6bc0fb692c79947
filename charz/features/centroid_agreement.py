"""How often the nearest class mean and the deployed probe answer alike on the eval rows.

Formula: mean_i [argmax_c p_i(c) = argmin_c |z_i - mu_c|] over classes with labelled rows; tied
means share the credit; in [0, 1].
Source: agreement as a stand-in for accuracy: Jiang et al., Assessing generalization of SGD via
disagreement, ICLR 2022. Cost: O(m d K) and the shared fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from charz.features._centroids import mean_distances
from charz.features._votes import credit

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the share of eval rows answered alike.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    1.0
    """
    scores = -mean_distances(sample, sample.eval_points)
    return float(credit(scores, sample.head.probabilities[0].argmax(axis=1)).mean())
