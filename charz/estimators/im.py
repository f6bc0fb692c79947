"""Importance-weighted accuracy over bins of confidence.

Formula: sum_b share_t(b) accuracy_s(b), b the bins that cut the out-of-fold confidences into
equal parts of at least 10 rows, 10 bins at most: no bin is without source rows; NaN with
fewer than two classes. With fewer than 20 rows there is one bin, and the answer is ``cv``.
Source: Chen et al., Mandoline, ICML 2021, with confidence as the slice (IM in Garg et al.,
ICLR 2022). Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators._head import answers, confidence, share

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()
MOST_BINS = 10
LEAST_ROWS = 10


def estimate(sample: Sample) -> float:
    """Return the accuracy that the eval rows' bins promise."""
    known = answers(sample)
    if known is None:
        return math.nan
    return reweighted(confidence(known.source), known.right, confidence(known.target))


def reweighted(source: Floats, right: np.ndarray, target: Floats) -> float:
    """Return source accuracy per bin, weighted by the target's share of the bin."""
    n_bins = min(MOST_BINS, max(1, len(source) // LEAST_ROWS))
    inner = np.unique(np.quantile(source, np.arange(1, n_bins) / n_bins))
    inner = inner[inner > source.min()]
    bins, asked = np.digitize(source, inner), np.digitize(target, inner)
    n_rows = np.bincount(bins, minlength=len(inner) + 1)
    accuracy = np.bincount(bins, weights=right, minlength=len(inner) + 1) / n_rows
    return share(float(accuracy[asked].mean()))
