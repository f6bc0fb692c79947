"""The passes of `charz.distances` in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints


def take(rows: Floats, center: Floats, factor: float, out: Floats) -> None:
    """Write rows less the center, times a factor, to ``out``."""
    np.subtract(rows, center, out=out, casting="same_kind")
    out *= factor


def finish(products: Floats, a: Floats, b: Floats, limits: Floats) -> None:
    """Turn inner products into squared distances in place; up to its row's limit one is 0."""
    products *= -2
    products += a[:, None] + b
    np.copyto(products, 0, where=products <= limits[:, None])


def kth(block: Floats, k: int) -> Floats:
    """Return the k-th least value of every row, (n,)."""
    least: Floats = np.partition(block, k - 1, axis=1)[:, k - 1]
    return least


def count(block: Floats, edges: Floats, codes: Ints, n_classes: int) -> Floats:
    """Return how many values of every row are at or under its edge, by class, (n, n_classes)."""
    one_hot = np.eye(n_classes, dtype=block.dtype)[codes]
    votes: Floats = (block <= edges[:, None]).astype(block.dtype) @ one_hot
    return votes
