"""Nuclear norm of the deployed probe's answers on the eval rows: confidence and dispersity.

Formula: |P|_* / sqrt(m min(m, K)), |P|_* the sum of singular values of the probabilities P, (m, K);
in [0, 1]; 1 where answers are certain and spread evenly over the classes. Singular values are
roots of the eigenvalues of the smaller Gram matrix.
Source: Deng et al., Confidence and dispersity speak: characterizing prediction matrix for
unsupervised accuracy estimation, ICML 2023. Cost: O(m K min(m, K)) after the shared fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the nuclear norm over the largest that there can be.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.922
    """
    P = sample.head.probabilities[0].astype(np.float64)
    gram = P.T @ P if len(P) > P.shape[1] else P @ P.T
    norm = float(np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0)).sum())
    return min(norm / float(np.sqrt(len(P) * len(gram))), 1.0)
