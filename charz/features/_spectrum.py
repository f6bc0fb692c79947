"""The spectrum of the training rows, cut where rounding begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample


def variances(sample: Sample) -> Floats:
    """Return the positive eigenvalues of the training covariance over `Sample.unit`, descending.

    They are over n, and their sum is 1. Eigenvalues under 1e-10 of the largest are rounding and
    left out; rows that are all the same have none.
    """
    if sample.scatter <= sample.noise * sample.n_train:
        return sample.lengths[:0]
    values = sample.factor.values / sample.n_train
    kept: Floats = values[values > 1e-10 * values[0]]
    return kept
