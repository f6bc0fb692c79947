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
