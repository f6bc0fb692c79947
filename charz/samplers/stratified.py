"""Stratified: every prefix has the class proportions of the split, as near as integers allow.

"Near" is Pearson's chi-square; the order that attains its minimum at every size at once is
that of Sainte-Lague's method of apportionment. Within a class the order is random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.samplers._classes import by_quota, shuffled

if TYPE_CHECKING:
    from charz.records import Draw, Ints

PARAMETERS: dict[str, Any] = {}
EVALUATE = "same"


def draw(y: Ints, n_classes: int, seed: int) -> Draw:
    """Return the whole split, its classes evenly interleaved.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)``.

    Examples
    --------
    >>> draw([0, 0, 0, 0, 1, 1], n_classes=2, seed=0).labels
    array([0, 1, 0, 0, 1, 0])
    """
    order = shuffled(y, n_classes, seed)
    counts = np.bincount(order.labels, minlength=n_classes)
    return by_quota(order, counts.astype(np.float64), seed)
