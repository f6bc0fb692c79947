"""Confidence of the deployed probe on the eval rows.

Formula: mean_i max_c p_i(c); in [0, 1].
Source: Hendrycks and Gimpel, ICLR 2017, section 3. Cost: the shared fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the mean largest probability.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.904
    """
    return float(sample.head.probabilities[0].max(axis=1).mean())
