"""How far the classes' shares seem to have moved, by the confusion of the deployed probe.

Formula: with C(i, j) = sum_{y_s = j} p_s(i) / n out of fold, u(i) = mean_t p_t(i) on the eval rows
and f the classes' shares in training, the ratios w of eval to training shares solve C w = u. They
are taken as w = 1 + (C^T C + a I)^-1 C^T (u - C 1), a = |C|^2 / n (Frobenius), since few rows
tell little of C; q = w f, negative ones 0, normalised. ``tv`` = sum_c |q(c) - f(c)| / 2, in
[0, 1]. ``conditioning`` is the least singular value of C with columns normalised over the
largest, in [0, 1]: near 0 the confusion tells nothing of the shares. Over classes with labelled
rows; NaN for fewer than two.
Source: Lipton, Wang and Smola, ICML 2018 (BBSE, with probabilities for answers); the penalty:
Azizzadenesheli et al., Regularized learning for domain adaptation under label shifts, ICLR 2019.
Cost: O((n + m) K + K^3) after the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()
OUTPUTS = ("tv", "conditioning")


def compute(sample: Sample) -> dict[str, float]:
    """Return the total variation and the conditioning.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> moved = compute(Sample(X, y, [[1], [2], [2], [8]]))
    >>> round(moved["tv"], 3), round(moved["conditioning"], 3)
    (0.187, 0.974)
    """
    if len(sample.present) < 2:
        return dict.fromkeys(OUTPUTS, math.nan)
    before = sample.class_counts[sample.present] / sample.n_train
    moved = float(np.abs(sample.once(shares) - before).sum()) / 2
    values = np.linalg.svd(confusion(sample) / before, compute_uv=False)
    conditioning = float(values[-1] / values[0])
    return {"tv": min(moved, 1.0), "conditioning": min(max(conditioning, 0.0), 1.0)}


def shares(sample: Sample) -> Floats:
    """Return the classes' shares among the eval rows as they seem to be, (n_present,).

    For a sample of at least two classes.
    """
    C = confusion(sample)
    answered = sample.head.probabilities[0][:, sample.present].mean(axis=0, dtype=np.float64)
    shift = C.T @ (answered - C.sum(axis=1))
    penalty = float(np.einsum("ij,ij", C, C)) / sample.n_train
    ratios = 1 + np.linalg.solve(C.T @ C + penalty * np.eye(len(C)), shift)
    found = np.maximum(ratios, 0) * sample.class_counts[sample.present]
    if not found.sum() > 0:
        found = sample.class_counts[sample.present] / 1.0
    normalised: Floats = found / found.sum()
    return normalised


def confusion(sample: Sample) -> Floats:
    """Return C, (n_present, n_present)."""
    P = sample.head.cv_probabilities
    assert P is not None  # noqa: S101  (the deployed probe has folds)
    joint = P[:, sample.present].T.astype(np.float64) @ sample.one_hot[:, sample.present]
    found: Floats = joint / sample.n_train
    return found
