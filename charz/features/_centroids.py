"""Distances to class means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.distances import Points
    from charz.records import Floats
    from charz.sample import Sample


def mean_distances(sample: Sample, points: Points) -> Floats:
    """Return squared distances to the class means over `Sample.unit`, infinity for absent classes.

    Parameters
    ----------
    sample : Sample
    points : Points
        Rows less the training mean.
    """
    means = (sample.class_offsets / sample.unit).astype(points.rows.dtype)
    squared: Floats = points.rows @ (-2 * means).T
    squared += points.lengths[:, None]
    squared += np.einsum("ij,ij->i", means, means)
    np.maximum(squared, 0, out=squared)
    squared[:, sample.class_counts == 0] = np.inf
    return squared


def left_out_distances(sample: Sample) -> Floats:
    """Return `mean_distances` of the training rows, to means that are without the row itself.

    |x_i - mu_y^(-i)| = |x_i - mu_y| n_y / (n_y - 1); infinity to the own class of a lone row.
    """
    rows, own = np.arange(sample.n_train), sample.y_train
    distances = mean_distances(sample, sample.points)
    counts = sample.class_counts[own]
    grown = distances[rows, own] * (counts / np.maximum(counts - 1, 1)) ** 2
    distances[rows, own] = np.where(counts > 1, grown, np.inf)
    return distances
