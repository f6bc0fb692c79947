"""Where the classes lie: their means about the mean of the means, one after the other.

Formula: (m_1 - m, ..., m_K - m) with m_k the mean row of class k and m the mean of the m_k; a
class without rows counts as lying at m. Of two classes the cosine is that of the directions
from the one to the other: whether two datasets tell the same labels apart the same way.
Source: the class means of Snell et al., Prototypical networks, NeurIPS 2017, as in label
alignment across domains. Cost: O(n d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
SAME_LABELS = True


def embed(X: Floats, y: Ints, n_classes: int) -> Floats:
    """Return the centred class means, float64 (n_classes * n_dims,).

    >>> embed(np.array([[0.0], [2.0], [4.0]]), np.array([0, 0, 1]), 2)
    array([-1.5,  1.5])
    """
    one_hot = np.equal.outer(np.arange(n_classes), y).astype(np.float64)
    counts = one_hot.sum(axis=1)
    present = counts > 0
    means = one_hot[present] @ np.asarray(X, dtype=np.float64) / counts[present, None]
    centred = np.zeros((n_classes, X.shape[1]))
    centred[present] = means - means.mean(axis=0)
    return centred.ravel()
