"""The passes of `charz.distances`, compiled by Numba. Compiled when first called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.compiled import machine_code

if TYPE_CHECKING:
    from charz.records import Floats, Ints


@machine_code
def take(rows: Floats, center: Floats, factor: float, out: Floats) -> None:
    """Write rows less the center, times a factor, to ``out``."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            out[i, j] = (rows[i, j] - center[j]) * factor


@machine_code
def finish(products: Floats, a: Floats, b: Floats, limits: Floats) -> Any:
    """Turn inner products into squared distances in place; up to its row's limit one is 0."""
    for i in range(products.shape[0]):
        length, limit = a[i], limits[i]
        for j in range(products.shape[1]):
            product = products[i, j]
            value = (length + b[j]) - (product + product)
            products[i, j] = value if value > limit else 0


@machine_code
def kth(block: Floats, k: int) -> Any:
    """Return the k-th least value of every row, (n,)."""
    found = np.empty(block.shape[0], dtype=block.dtype)
    best = np.empty(k, dtype=block.dtype)
    for i in range(block.shape[0]):
        best[:] = np.inf
        for j in range(block.shape[1]):
            value = block[i, j]
            if value < best[k - 1]:
                place = k - 1
                while place > 0 and best[place - 1] > value:
                    best[place] = best[place - 1]
                    place -= 1
                best[place] = value
        found[i] = best[k - 1]
    return found


@machine_code
def count(block: Floats, edges: Floats, codes: Ints, n_classes: int) -> Any:
    """Return how many values of every row are at or under its edge, by class, (n, n_classes)."""
    votes = np.zeros((block.shape[0], n_classes))
    for i in range(block.shape[0]):
        edge = edges[i]
        for j in range(block.shape[1]):
            if block[i, j] <= edge:
                votes[i, codes[j]] += 1
    return votes
