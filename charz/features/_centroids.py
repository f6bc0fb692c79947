"""Distances to class means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample


def mean_distances(sample: Sample, moved: Floats) -> Floats:
    """Return squared distances to the class means, (n, n_classes), infinity for absent classes.

    Parameters
    ----------
    sample : Sample
    moved : float array (n, n_dims)
        Rows less the training mean.
    """
    means = sample.class_means - sample.mean
    lengths = np.einsum("ij,ij->i", moved, moved)[:, None] + np.einsum("ij,ij->i", means, means)
    squared: Floats = np.clip(lengths - 2 * (moved @ means.T), 0, None)
    squared[:, sample.class_counts == 0] = np.inf
    return squared
