"""Agreement on the line: out-of-fold accuracy moved as far as the agreement of heads moves.

Formula: Phi(z(A) + z(G_t) - z(G_s)), z the probit, A the out-of-fold accuracy, G the mean
agreement over pairs of {logistic, ridge, knn, centroid} on eval rows (``agreement``) and on
training rows, each head there without the row; shares of N rows are kept 1/(2N) from 0 and 1; NaN
with fewer than two classes. Over many models accuracy and agreement under shift were found on
lines of one slope in probits; that slope is taken to be 1 here.
Source: Baek et al., Agreement-on-the-line, NeurIPS 2022. Cost: that of ``agreement``, shared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._head import answers
from charz.estimators._panel import panel
from charz.estimators.agreement import agreed

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()


def estimate(sample: Sample) -> float:
    """Return the accuracy that the change of agreement promises."""
    from scipy.special import ndtr

    known, heads = answers(sample), sample.once(panel)
    if known is None or heads is None:
        return math.nan
    moved = _probit(agreed(heads.target), sample.n_eval)
    moved -= _probit(agreed(heads.source), len(heads.rows))
    return float(ndtr(_probit(known.accuracy, sample.n_train) + moved))


def _probit(share: float, n_rows: int) -> float:
    from scipy.special import ndtri

    least = 1 / (2 * n_rows)
    return float(ndtri(min(max(share, least), 1 - least)))
