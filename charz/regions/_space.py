"""Regions of the space that labelled and eval rows share: clusters of both together.

Rows are taken about their mean in at most 32 principal axes, beside what the probe says of them
in as many: a region holds texts that are alike and that the probe takes alike. Both are scaled to
a mean square length of one, but for a probe that says almost the same of all rows: what it says is
not made larger than it is. Ward's tree over at most 1,024 of the rows, an even choice by length,
gives the first centres; Lloyd's steps over all rows move them. There is no chance in it: no order
of rows and no rotation changes a region, unless lengths tie.
Source: Ward, JASA 1963; Lloyd, IEEE Transactions on Information Theory 1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import spread

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MOST_AXES = 32
MOST_TREE = 1024
MOST_STEPS = 30
PER_REGION = 60
"""Eval rows that a region holds on average, unless somebody says how many regions."""
MOST = 12
WEIGHT = 0.5
"""Of what the probe says, unless somebody asks for another."""
LEAST_SAID = 0.5
"""Root mean square length, as log probabilities, below which what it says is not scaled up."""


@dataclass(frozen=True)
class Space:
    """Labelled and eval rows in principal axes of their positions, and the regions they lie in.

    Attributes
    ----------
    train, eval : float arrays (n_train, axes), (n_eval, axes)
        By falling variance of both together.
    train_region, eval_region : int arrays (n_train,), (n_eval,)
    n_regions : int
    """

    train: Floats
    eval: Floats
    train_region: Ints
    eval_region: Ints
    n_regions: int


def usual(n_eval: int) -> int:
    """Return how many regions are looked for where nobody says.

    >>> usual(4), usual(300), usual(5000)
    (1, 5, 12)
    """
    return max(1, min(MOST, n_eval // PER_REGION))


def divide(
    X_train: Floats,
    X_eval: Floats,
    n_regions: int,
    said: Floats | None = None,
    weight: float = WEIGHT,
) -> Space:
    """Return both sets of rows in the regions that they form together.

    There are fewer regions where fewer rows differ.

    Parameters
    ----------
    X_train, X_eval : float arrays (n_train, n_dims), (n_eval, n_dims)
    n_regions : int
    said : float array (n_train + n_eval, n_classes), optional
        What the probe says of each row; without it regions are those of positions alone.
    weight : float
        Of what the probe says, over that of position.

    >>> space = divide(np.array([[0.0], [1.0]]), np.array([[0.5], [9.0], [9.5]]), 2)
    >>> space.train_region.tolist(), space.eval_region.tolist()
    ([1, 1], [1, 0, 0])
    """
    Z = principal(np.vstack([X_train, X_eval]))
    both = _scaled(Z)
    if said is not None and both.any():  # rows all in one place are one region
        both = np.hstack([both, weight * _scaled(principal(said), LEAST_SAID)])
    regions = _lloyd(both, _centres(both, n_regions))
    # Numbered by size of eval rows, so that a number does not hang on the order of rows.
    n = len(X_train)
    _, first, regions = np.unique(regions, return_index=True, return_inverse=True)
    k = len(first)
    sizes = np.bincount(regions[n:], minlength=k)
    order = np.lexsort((np.bincount(regions, weights=Z[:, 0], minlength=k), -sizes))
    regions = np.argsort(order)[regions]
    return Space(Z[:n], Z[n:], regions[:n], regions[n:], k)


def principal(X: Floats) -> Floats:
    """Return rows in their principal axes, (n, axes), each axis with its longer tail positive.

    >>> principal(np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 5.0]])).round(6).tolist()
    [[-2.0], [-1.0], [3.0]]
    """
    moved = X - X[0]
    moved -= moved.mean(axis=0)
    lengths = np.einsum("ij,ij->i", moved, moved)
    some = moved[spread(lengths, 2 * MOST_TREE)]
    _, values, axes = np.linalg.svd(some, full_matrices=False)
    kept = min(MOST_AXES, max(1, int((values > 1e-7 * max(values[0], 1e-300)).sum())))
    Z = moved @ axes[:kept].T
    # The sum of cubes tells the two ends of an axis apart in any order of rows.
    ends = np.einsum("ij,ij,ij->j", Z, Z, Z)
    found: Floats = Z * np.where(ends < 0, -1.0, 1.0)
    return found


def _scaled(Z: Floats, least: float = 1e-9) -> Floats:
    """Return rows at a mean square length of one, or less where they differ by less than that."""
    length = np.sqrt(np.einsum("ij,ij->", Z, Z) / len(Z))
    found: Floats = Z / max(length, least)
    return found


def _centres(Z: Floats, n_regions: int) -> Floats:
    from scipy.cluster.hierarchy import fcluster, ward

    some = Z[spread(np.einsum("ij,ij->i", Z, Z), MOST_TREE)]
    if n_regions <= 1 or len(some) < 2:
        middle: Floats = some.mean(axis=0, keepdims=True)
        return middle
    parts = fcluster(ward(some), n_regions, criterion="maxclust")
    centres: Floats = np.array([some[parts == part].mean(axis=0) for part in np.unique(parts)])
    return centres


def _lloyd(Z: Floats, centres: Floats) -> Ints:
    regions = np.full(len(Z), -1)
    for _ in range(MOST_STEPS):
        away = np.einsum("ij,ij->i", centres, centres) - 2 * Z @ centres.T
        nearest = away.argmin(axis=1)
        if (nearest == regions).all():
            break
        regions = nearest
        held = np.unique(regions)
        centres = np.array([Z[regions == each].mean(axis=0) for each in held])
        regions = np.searchsorted(held, regions)
    return regions
