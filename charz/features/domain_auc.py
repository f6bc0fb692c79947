"""How well a linear classifier tells training from eval rows: leave-one-out AUC.

Formula: ridge regression of 0 (training) and 1 (eval) on the pooled rows, penalty the mean
squared length of a centred row; the score of row i is its leave-one-out prediction less the mean
target of the others (kept in, that mean alone would rank the rows, backwards); AUC is the
probability that an eval row scores above a training row, ties a half. In [0, 1], near 0.5
without shift. The proxy A-distance is about 2 (2 AUC - 1). Where no row differs from another:
0.5.
Source: Ben-David et al., Analysis of representations for domain adaptation, NeurIPS 2006,
section 4; as a two-sample test Lopez-Paz and Oquab, ICLR 2017; the bias of pooled leave-one-out
AUC: Airola et al., Computational Statistics and Data Analysis 2011. Cost: O(N p^2), N all rows,
p = min(N, d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the area under the ROC curve.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [1], [2]], [0, 1, 0], [[7], [8], [9]]))
    1.0
    """
    Z = np.vstack([sample.centered, sample.X_eval - sample.mean])
    Z -= Z.mean(axis=0)
    penalty = float(np.einsum("ij,ij", Z, Z)) / len(Z)
    if penalty <= sample.noise:
        return 0.5
    scores = _left_out(Z, sample.n_train, penalty)
    return _auc(scores[: sample.n_train], np.sort(scores[sample.n_train :]))


def _left_out(Z: Floats, n_train: int, penalty: float) -> Floats:
    """Return leave-one-out predictions less the mean target of the other rows, (N,)."""
    n = len(Z)
    y = (np.arange(n) >= n_train).astype(np.float64)
    centered = y - y.mean()
    if n <= Z.shape[1]:
        inverse = np.linalg.inv(Z @ Z.T + penalty * np.eye(n))
        residual, leverage = penalty * (inverse @ centered), 1 - penalty * np.diag(inverse)
    else:
        solved = np.linalg.inv(Z.T @ Z + penalty * np.eye(Z.shape[1])) @ Z.T
        residual = centered - Z @ (solved @ centered)
        leverage = np.einsum("ij,ji->i", Z, solved)
    others = (n * y.mean() - y) / (n - 1)
    scores: Floats = y - residual / (1 - leverage - 1 / n) - others
    return scores


def _auc(low: Floats, high: Floats) -> float:
    """Return P(high > low) + P(tie) / 2, ``high`` sorted; scores within 1e-9 tie."""
    above = len(high) - np.searchsorted(high, low + 1e-9, side="right")
    not_below = len(high) - np.searchsorted(high, low - 1e-9, side="left")
    return float((above + not_below).mean() / (2 * len(high)))
