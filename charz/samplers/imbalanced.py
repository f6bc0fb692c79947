"""Imbalanced: class proportions fall geometrically, largest to smallest as ``ratio`` to 1.

The seed chooses which class is large. With K classes in the split the r-th has the share
proportional to ratio^(-r / (K - 1)), r = 0 .. K - 1; every prefix follows these shares as near
as integers allow (chi-square, as in ``stratified``), until a class runs out.
The geometric profile is that of long-tailed benchmarks (Cui et al., Class-balanced loss,
CVPR 2019, section 5.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.samplers._classes import by_quota, shuffled
from charz.samplers._random import permutation

if TYPE_CHECKING:
    from charz.records import Draw, Floats, Ints

PARAMETERS: dict[str, Any] = {"ratio": 10.0}
EVALUATE = "same"


def draw(y: Ints, n_classes: int, seed: int, ratio: float = 10.0) -> Draw:
    """Return an imbalanced order of rows, ending where a class has no row for its turn.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int
    ratio : float
        Largest share over smallest share, in [1, 1e6].

    Raises
    ------
    InputError
        When ``ratio`` is out of range or ``y`` are no codes in ``range(n_classes)``.

    Examples
    --------
    >>> draw([0, 1] * 20, n_classes=2, seed=0, ratio=3).head(8).labels
    array([1, 1, 0, 1, 1, 1, 0, 1])
    """
    if not 1 <= ratio <= 1e6:
        raise InputError(f"imbalanced: the ratio {ratio} is not in [1, 1e6]", "give e.g. ratio=10")
    order = shuffled(y, n_classes, seed)
    return by_quota(order, _shares(order.labels, n_classes, seed, ratio), seed)


def _shares(labels: Ints, n_classes: int, seed: int, ratio: float) -> Floats:
    """Return the share of each class relative to the largest, (n_classes,)."""
    order = permutation(n_classes, seed, "shares")
    classes = order[np.isin(order, labels)]
    shares = np.ones(n_classes)
    for r, c in enumerate(classes):
        # rounded, so that a last bit of the platform's pow cannot break a tie
        shares[c] = round(float(ratio) ** (-r / max(len(classes) - 1, 1)), 12)
    return shares
