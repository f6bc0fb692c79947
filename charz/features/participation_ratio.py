"""Participation ratio: how many directions share the variance, of training and of eval rows.

Formula: (sum_j lambda_j)^2 / sum_j lambda_j^2 = tr(G)^2 / |G|_F^2 with G the centred Gram matrix;
in [1, min(rows - 1, d)]; NaN when all rows are the same.
Source: Gao et al., A theory of multineuronal dimensionality, 2017. Cost: the shared
decomposition for training rows, one product m d min(m, d) for eval rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (1.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("train", "eval")


def compute(sample: Sample) -> dict[str, float]:
    """Return the ratio of the labelled and of the unlabelled rows, each about its own mean.

    >>> from charz.sample import Sample
    >>> X = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    >>> ratios = compute(Sample(X, [0, 0, 1, 1], X[:2]))
    >>> round(ratios["train"], 6), ratios["eval"]
    (2.0, 1.0)
    """
    values = variances(sample)
    return {
        "train": _ratio(float(values.sum()), float(values @ values)),
        "eval": _ratio(*_eval_moments(sample)),
    }


def _eval_moments(sample: Sample) -> tuple[float, float]:
    """Return the trace and the squared norm of the eval rows' centred Gram matrix."""
    moved = sample.X_eval - sample.X_eval[0]
    moved -= moved.mean(axis=0)
    gram = moved @ moved.T if sample.n_eval < sample.n_dims else moved.T @ moved
    trace = float(np.trace(gram))
    if trace <= sample.noise * sample.n_eval:
        return 0.0, 0.0
    return trace, float(np.einsum("ij,ij", gram, gram))


def _ratio(total: float, squares: float) -> float:
    return max(total**2 / squares, 1.0) if squares > 0 else math.nan
