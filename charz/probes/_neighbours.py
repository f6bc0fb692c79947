"""The k nearest of n rows for each of many, from blocks of inner products.

Squared distances less what is common to all of a row's are ``norms - 2 products``. Two ways of
picking the k smallest give the same columns: by partial sorts, and by a compiled loop that
keeps the k best so far and looks at a value again only when it is below the worst of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.compiled import Loop

if TYPE_CHECKING:
    from charz.records import Floats, Ints

BUDGET = 32 << 20
"""Bytes that a block of inner products may take."""
ROWS = 256
"""Rows of a block, where the budget allows: its products then stay in a processor's cache."""
# Below as many distances, loading the compiled loop costs more than it saves.
WORTHWHILE = 1 << 18


def nearest(A: Floats, X: Floats, shift: Floats, k: int) -> Ints:
    """Return the k nearest rows of ``X`` for each row of ``A``, nearest first, (len(A), k).

    Parameters
    ----------
    A : float64 array (m, d)
    X : float64 array (n, d)
    shift : float64 array (d,)
        Distances are those of ``A - shift`` to ``X``, with no copy of ``A`` made.
    k : int
        At most n. Among equally distant rows the earlier is nearer.
    """
    norms = np.einsum("nd,nd->n", X, X) + 2 * (X @ shift)
    found = np.empty((len(A), k), dtype=np.int64)
    step = max(1, min(ROWS, BUDGET // (8 * len(X))))
    for start in range(0, len(A), step):
        products = A[start : start + step] @ X.T
        found[start : start + step] = smallest(norms, products, k, -1)
    return found


def nearest_others(X: Floats, k: int) -> Ints:
    """Return the k nearest other rows for each row of ``X``, (n, k), k at most n - 1."""
    n = len(X)
    norms = np.einsum("nd,nd->n", X, X)
    if 8 * n * n <= BUDGET:
        # One triangle is computed, the other copied.
        return smallest(norms, X @ X.T, k, 0)
    found = np.empty((n, k), dtype=np.int64)
    step = max(1, min(ROWS, BUDGET // (8 * n)))
    for start in range(0, n, step):
        products = X[start : start + step] @ X.T
        found[start : start + step] = smallest(norms, products, k, start)
    return found


def smallest(norms: Floats, products: Floats, k: int, own: int) -> Ints:
    """Return the columns of the k smallest ``norms - 2 products``, in order, per row.

    ``own`` is the column that row 0 leaves out, the next one that row 1 does, and so on; -1
    where none is.
    """
    if products.size >= WORTHWHILE or _keep.is_ready:
        found: Ints = _keep(norms, products, k, own)
        return found
    return _sort(norms, products, k, own)


def _sort(norms: Floats, products: Floats, k: int, own: int) -> Ints:
    distances = norms - 2 * products
    if own >= 0:
        rows = np.arange(len(distances))
        distances[rows, own + rows] = np.inf
    if k >= distances.shape[1] - 1:
        return np.argsort(distances, axis=1, kind="stable")[:, :k]
    # The k-th smallest value bounds the choice; equals beyond it are cut by a stable sort.
    bound = np.partition(distances, k - 1, axis=1)[:, k - 1]
    inside = distances <= bound[:, None]
    width = int(inside.sum(axis=1).max())
    columns = np.argsort(~inside, axis=1, kind="stable")[:, :width]
    values = np.take_along_axis(distances, columns, axis=1)
    order = np.argsort(values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(columns, order, axis=1)


@Loop
def _keep(norms: Floats, products: Floats, k: int, own: int) -> Ints:
    n_rows, n = products.shape
    found = np.empty((n_rows, k), dtype=np.int64)
    values, row = np.empty(k), np.empty(n)
    for i in range(n_rows):
        values[:] = np.inf
        worst = np.inf
        for j in range(n):
            row[j] = norms[j] - 2 * products[i, j]
        if own >= 0:
            row[own + i] = np.inf
        for start in range(0, n, 32):
            part = row[start : start + 32]
            below = 0  # counted without a branch, eight columns at a time
            for j in range(len(part)):
                below += int(part[j] < worst)
            if below == 0:
                continue
            for j in range(len(part)):
                if part[j] < worst:
                    place = k - 1
                    while place > 0 and values[place - 1] > part[j]:
                        values[place] = values[place - 1]
                        found[i, place] = found[i, place - 1]
                        place -= 1
                    values[place] = part[j]
                    found[i, place] = start + j
                    worst = values[k - 1]
    return found
