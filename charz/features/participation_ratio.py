"""Participation ratio: how many directions share the variance, of training and of eval rows.

Formula: (sum_j lambda_j)^2 / sum_j lambda_j^2 = tr(G)^2 / |G|_F^2 with G the centred Gram matrix;
in [1, min(rows - 1, d)]; NaN when all rows are the same. Few rows span few directions: of the
eval rows as many count as there are training rows (at least 128, at most 1,024), an even choice.
Source: Gao et al., A theory of multineuronal dimensionality, 2017. Cost: the shared
factorisation for training rows, a shared product of at most n^2 d for eval rows.
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
    values, gram = variances(sample), sample.eval_gram
    trace = float(np.trace(gram))
    real = trace * sample.unit**2 > sample.noise * len(gram)
    squares = float(np.einsum("ij,ij", gram, gram)) if real else 0.0
    return {
        "train": _ratio(float(values.sum()), float(values @ values)),
        "eval": _ratio(trace, squares),
    }


def _ratio(total: float, squares: float) -> float:
    return max(total**2 / squares, 1.0) if squares > 0 else math.nan
