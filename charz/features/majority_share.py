"""Share of the largest class among the labels: what always answering it would score here.

Formula: max_c n_c / n over the K classes of the task, in [0, 1]. Cost: O(K).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the share.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2], [3]], [0, 0, 0, 1], [[0]]))
    0.75
    """
    return float(sample.class_counts.max() / sample.n_train)
