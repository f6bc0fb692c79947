"""The k nearest training rows of every row, shared by draws of which one begins the other.

The training rows of a draw are taken in blocks with fixed edges (16, 32, 64, 128, 256, 512, 768,
...), the last one filled up with zeros. Nested draws have their whole blocks in common: products
with eval rows are kept, and among training rows each one's k best so far, so that the next
larger draw goes on where the smaller one was. As every product has a shape that depends on its
block alone, its bits are the same whether or not another draw came before. Squared distances
are taken less what is common to all of a row's: ``norms - 2 products``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.compiled import Loop

if TYPE_CHECKING:
    from charz.records import Floats, Ints

SMALLEST, BLOCK = 16, 256
STEP = 1024
"""Rows whose products with one block are computed at once: at most 2 MiB of them."""
BUDGET = 128 << 20
"""Bytes that one chain may keep for larger draws, and all of them when a draw begins: what was
unused for longest goes first."""
# Below as many distances, loading the compiled loop costs more than it saves.
WORTHWHILE = 1 << 16


@dataclass(frozen=True)
class Best:
    """The k nearest so far of m rows: squared distances and places, both (m, k), nearest first.

    Places are training rows in the draw's order; a distance of infinity is no neighbour yet.
    """

    values: Floats
    places: Ints

    @classmethod
    def none(cls, m: int, k: int) -> Best:
        """Return no neighbour for ``m`` rows."""
        return cls(np.full((m, k), np.inf), np.zeros((m, k), dtype=np.int64))

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return self.values.nbytes + self.places.nbytes

    def copy(self) -> Best:
        """Return a copy that can be changed apart."""
        return Best(self.values.copy(), self.places.copy())

    def and_then(self, more: Best) -> Best:
        """Return these rows followed by others."""
        values = np.concatenate([self.values, more.values])
        return Best(values, np.concatenate([self.places, more.places]))

    def rows(self, start: int, stop: int) -> Best:
        """Return a view of some rows."""
        return Best(self.values[start:stop], self.places[start:stop])

    def see(self, norms: Floats, products: Floats, first: int, own: int = -1) -> None:
        """Take in the training rows from place ``first`` on, in order.

        ``norms`` (w,) are their squared lengths, ``products`` (m, w) those with the m rows.
        Row 0 leaves out the place ``own``, row 1 the next one and so on, if it is not negative.
        Among equally distant rows the earlier is nearer.
        """
        loop = _see if products.size >= WORTHWHILE or _see.is_ready else _see_by_sorting
        loop(self.values, self.places, norms, np.ascontiguousarray(products), first, own)


class Chain:
    """The neighbours of eval rows and of training rows among one order of training rows.

    Parameters
    ----------
    evals : sequence of float64 arrays (n_eval, d)
    n_dims : int
    k : int
        Neighbours of training rows; of eval rows, as many as are asked for.

    Attributes
    ----------
    X : float64 array (n, d)
        The training rows seen so far.
    own : Best
        For each of them, its nearest among the others.
    """

    def __init__(self, evals: Sequence[Floats], n_dims: int, k: int) -> None:
        self.X: Floats = np.empty((0, n_dims))
        self.own = Best.none(0, k)
        self._evals = evals
        self._products: dict[tuple[int, int, int], Floats] = {}

    @property
    def n_bytes(self) -> int:
        """Size in memory, without the eval rows."""
        kept = sum(products.nbytes for products in self._products.values())
        return self.X.nbytes + self.own.n_bytes + kept

    def begins(self, X: Floats) -> bool:
        """Whether the rows seen so far are the first ones of ``X``."""
        m = len(self.X)
        return 0 < m <= len(X) and np.array_equal(self.X, X[:m])

    def extend(self, X: Floats) -> Chain:
        """Take in the whole blocks of ``X`` that are new, and return the chain of all of ``X``."""
        done = len(self.X)
        for start, stop in blocks(len(X)):
            if start >= done and stop <= len(X):
                self._see(X[:stop], start, stop)
        if len(self.X) == len(X):
            return self
        whole = Chain(self._evals, X.shape[1], self.own.values.shape[1])
        # Products with whole blocks are the same for both.
        whole.own, whole._products = self.own.copy(), self._products
        (rest,) = (edges for edges in blocks(len(X)) if edges[1] > len(X))
        whole._see(X, *rest)
        return whole

    def of_eval(self, index: int, k: int) -> Ints:
        """Return the places of the k nearest training rows of each eval row, nearest first."""
        n_eval, n = len(self._evals[index]), len(self.X)
        norms = np.einsum("nd,nd->n", self.X, self.X)
        best = Best.none(n_eval, k)
        for low in range(0, n_eval, STEP):
            rows = best.rows(low, low + STEP)
            for start, stop in blocks(n):
                products = self._product(index, low, start, stop)
                rows.see(norms[start:stop], products[:, : n - start], start)
        return best.places

    def _product(self, index: int, low: int, start: int, stop: int) -> Floats:
        """Return the products of a step of eval rows with a block, kept where it is whole."""
        place = index, low, start
        if place in self._products:
            return self._products[place]
        block = _filled(self.X[start:stop], stop - start)
        products: Floats = self._evals[index][low : low + STEP] @ block.T
        if stop <= len(self.X) and self.n_bytes + products.nbytes <= BUDGET:
            self._products[place] = products
        return products

    def _see(self, X: Floats, start: int, stop: int) -> None:
        """Take in the rows of a block: those of ``X`` from ``start`` on, ``stop`` if all."""
        n = len(X)
        padded = _filled(X, stop)
        block = padded[start:]
        norms = np.einsum("nd,nd->n", X, X)
        new = Best.none(n - start, self.own.values.shape[1])
        for low in range(0, n, STEP):
            products = padded[low : low + STEP] @ block.T
            before, high = min(low + STEP, start), min(low + STEP, n)
            if low < before:
                part = products[: before - low, : n - start]
                self.own.rows(low, before).see(norms[start:], part, start)
            new.see(norms[low:high], products[: high - low, : n - start].T, low, own=start)
        self.X, self.own = X, self.own.and_then(new)


class Chains:
    """The chains of one call, kept while they may be gone on with."""

    def __init__(self) -> None:
        self._chains: list[Chain] = []

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return sum(chain.n_bytes for chain in self._chains)

    def reach(self, X: Floats, evals: Sequence[Floats], k: int) -> Chain:
        """Return the chain of all of ``X``, from the longest one that begins it."""
        begun = [chain for chain in self._chains if chain.begins(X)]
        chain = max(begun, key=lambda each: len(each.X), default=Chain(evals, X.shape[1], k))
        self._chains = [each for each in self._chains if each is not chain] + [chain]
        whole = chain.extend(X)
        while self.n_bytes > BUDGET:
            del self._chains[0]
        return whole


def _filled(X: Floats, n: int) -> Floats:
    """Return ``X`` with rows of zeros up to ``n`` rows."""
    return X if len(X) == n else np.concatenate([X, np.zeros((n - len(X), X.shape[1]))])


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """Yield the edges of the blocks that hold ``n`` rows; the last may end beyond them.

    >>> list(blocks(100)), list(blocks(600))[-3:]
    ([(0, 16), (16, 32), (32, 64), (64, 128)], [(128, 256), (256, 512), (512, 768)])
    """
    start, stop = 0, SMALLEST
    while start < n:
        yield start, stop
        start, stop = stop, stop + min(stop, BLOCK)


def _see_by_sorting(
    values: Floats, places: Ints, norms: Floats, products: Floats, first: int, own: int
) -> None:
    distances = norms - 2 * products
    columns = first + np.arange(len(norms))
    if own >= 0:
        distances[own + np.arange(len(values))[:, None] == columns] = np.inf
    merged = np.concatenate([values, distances], axis=1)
    order = np.argsort(merged, axis=1, kind="stable")[:, : values.shape[1]]
    among = np.concatenate([places, np.tile(columns, (len(places), 1))], axis=1)
    values[:] = np.take_along_axis(merged, order, axis=1)
    places[:] = np.take_along_axis(among, order, axis=1)


@Loop
def _see(
    values: Floats, places: Ints, norms: Floats, products: Floats, first: int, own: int
) -> None:
    n_rows, k = values.shape
    n = len(norms)
    row = np.empty(n)
    for i in range(n_rows):
        for j in range(n):
            row[j] = norms[j] - 2 * products[i, j]
        if own >= 0 and first <= own + i < first + n:
            row[own + i - first] = np.inf
        worst = values[i, k - 1]
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
                    while place > 0 and values[i, place - 1] > part[j]:
                        values[i, place] = values[i, place - 1]
                        places[i, place] = places[i, place - 1]
                        place -= 1
                    values[i, place] = part[j]
                    places[i, place] = first + start + j
                    worst = values[i, k - 1]
