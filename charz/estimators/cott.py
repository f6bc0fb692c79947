"""Confidence by optimal transport with a threshold: how many eval rows are moved cheaply enough.

Formula: share_t(s >= c), s the probability p(y) of the label y that a row is matched to (one less
its transport cost) when labels occur as often as in the training sample, c learned as in ``atc``
from out-of-fold rows matched in the same way; NaN with fewer than two classes. Of more than 512
rows on a side an even selection is matched.
Source: Lu et al., NeurIPS 2023 (arXiv 2305.15640), COTT. Cost: one more transport of at most
512 rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers
from charz.estimators.atc import share_above
from charz.estimators.cot import apportioned, chosen, matched, matched_eval

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the share of eval rows that count as right."""
    known = answers(sample)
    if known is None:
        return math.nan
    right = known.right[chosen(sample.n_train)]
    return share_above(sample.once_labelled(_matched_train), right, sample.once(matched_eval))


def _matched_train(sample: Sample) -> Floats:
    """Return the out-of-fold probabilities of the labels that rows are matched to, (<= 512,)."""
    P = sample.head.cv_probabilities
    assert P is not None  # noqa: S101  (the deployed probe has folds)
    rows = chosen(sample.n_train)
    return matched(P[rows], apportioned(sample.class_counts, len(rows)))
