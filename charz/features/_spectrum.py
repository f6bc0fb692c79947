"""The spectrum of the training rows, cut where rounding begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample


def variances(sample: Sample) -> Floats:
    """Return the positive eigenvalues of the training covariance (over n), descending, (r,).

    Eigenvalues under 1e-10 of the largest are rounding and left out; rows that are all
    the same have none.
    """
    values = sample.svd[1] ** 2 / sample.n_train
    if values.sum() <= sample.noise:
        return values[:0]
    kept: Floats = values[values > 1e-10 * values[0]]
    return kept


def axes(sample: Sample) -> Floats:
    """Return the left singular vectors that go with `variances`, (n_train, r)."""
    return sample.svd[0][:, : len(variances(sample))]
