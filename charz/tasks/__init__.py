"""Tasks: one vector for a labelled split under an encoder, so that tasks can be compared.

An item is a module with

``embed(X, y, n_classes) -> float64 array (n,)``
    The vector of labelled rows ``X`` (n_rows, n_dims), ``y`` (codes, int64 (n_rows,), in the
    order of the sorted labels). Two tasks of one encoder are compared by the cosine of theirs
    (`cosine`).
``INVARIANT``
    A subset of ``{"rows", "rotation", "shift", "scale", "labels"}``: what may change, in both
    tasks alike, without changing their cosine: see `charz.features`.
``SAME_LABELS``
    True where only tasks with the same labels have vectors that can be compared.

The docstring gives formula, source and cost.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charz.records import Floats


def cosine(first: Floats, second: Floats) -> float:
    """Return the cosine of two vectors (n,), in [-1, 1]; NaN where one is zero or they differ.

    >>> import numpy as np
    >>> cosine(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
    0.6
    """
    if first.shape != second.shape:
        return math.nan
    largest = [float(abs(vector).max(initial=0.0)) for vector in (first, second)]
    if not min(largest) > 0:
        return math.nan
    a, b = first / largest[0], second / largest[1]
    return min(max(float(a @ b) / math.sqrt(float(a @ a) * float(b @ b)), -1.0), 1.0)
