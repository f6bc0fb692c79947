"""Out-of-fold accuracy, carried on from the rows of a fold to all rows.

Formula: clip(accuracy_s + log2(5/4) s, 0, 1), accuracy_s as in ``cv``, whose five folds train on
4/5 of the rows, and s what a doubling of the rows gains (``slope`` of ``curve_shape``, by a quick
head); ``cv`` itself where s is undefined; NaN with fewer than two classes.
Source: the bias of cross-validation towards smaller training sets: Hastie, Tibshirani and
Friedman, The elements of statistical learning, 2009, section 7.10.1. Cost: the shared fit and
the heads of ``curve_shape``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, share
from charz.features import curve_shape

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the accuracy to expect of all rows.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], [0, 0, 0, 1, 1, 1]
    >>> estimate(Sample(X, y, [[0.5]]))
    1.0
    """
    known = answers(sample)
    if known is None:
        return math.nan
    slope = curve_shape.compute(sample)["slope"]
    return share(known.accuracy + (0.0 if math.isnan(slope) else math.log2(5 / 4) * slope))
