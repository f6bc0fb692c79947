"""What the texts are about: the mean embedding of the rows.

Formula: (1/n) sum_i x_i. Labels play no part.
Source: TextEmb in Vu et al., Exploring and predicting transferability across NLP tasks, EMNLP
2020 (2005.00770), with the encoder's own pooling. Cost: O(n d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

INVARIANT = frozenset({"rows", "rotation", "scale", "labels"})
SAME_LABELS = False


def embed(X: Floats, y: Ints, n_classes: int) -> Floats:
    """Return the mean row, float64 (n_dims,).

    >>> embed(np.array([[0.0, 2.0], [4.0, 0.0]]), np.array([0, 1]), 2)
    array([2., 1.])
    """
    mean: Floats = np.asarray(X, dtype=np.float64).mean(axis=0)
    return mean
