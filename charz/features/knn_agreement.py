"""How often five nearest neighbours and the deployed probe answer alike on the eval rows.

Formula: mean_i [argmax_c p_i(c) = the class with most votes among the 5 nearest labelled rows];
classes tied for the most votes share the credit; in [0, 1]. With fewer than 5 labelled rows all
vote.
Source: agreement as a stand-in for accuracy: Jiang et al., Assessing generalization of SGD via
disagreement, ICLR 2022. Cost: O(m K) after the shared neighbours and fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    return float(
        credit(sample.eval_near.votes[5], sample.head.probabilities[0].argmax(axis=1)).mean()
    )
