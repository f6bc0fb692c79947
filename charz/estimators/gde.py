"""Agreement on the eval rows of two heads trained on disjoint halves.

Formula: mean_t [argmax p1_t = argmax p2_t], p1 and p2 logistic heads at the deployed C, each
trained on half of every class; NaN where a half has fewer than two classes. A linear head is
convex, so a second random start would be the same head: disjoint rows are what makes two
independent ones, and the number tells of heads trained on n/2 rows. Halves are dealt by a
hash of the rows' contents: the order of rows does not matter.
Source: Jiang et al., Assessing generalization of SGD via disagreement, ICLR 2022; disjoint
halves: Nakkiran and Bansal 2020. Cost: two fits of half the size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._halves import half_heads

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the share of eval rows on which both heads agree.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0], [9]]))
    1.0
    """
    heads = sample.once_labelled(half_heads)
    if heads is None:
        return math.nan
    first, second = (head.choices(sample.X_eval) for head in heads)
    return float((first == second).mean())
