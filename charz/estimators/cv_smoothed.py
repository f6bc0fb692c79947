"""Out-of-fold accuracy as the calibrated probe expects it, without counting hits.

Formula: mean_i max_c softmax(b log p_i)(c), p_i by the fold that did not see row i, b > 0 as in
``ac_scaled``; NaN with fewer than two classes. Labels enter through b alone, so that it varies
less than a count of right answers; like ``cv`` it knows nothing of the eval rows.
Source: Lugosi and Pawlak, On the posterior-probability estimate of the error rate, IEEE
Transactions on Information Theory 1994; temperature: Guo et al., ICML 2017. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers, confidence
from charz.estimators.ac_scaled import inverse_temperature, scaled

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the mean scaled confidence out of fold."""
    known = answers(sample)
    if known is None:
        return math.nan
    return float(confidence(scaled(known.source, sample.once_labelled(inverse_temperature))).mean())
