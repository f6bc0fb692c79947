"""What a strategy may see: vectors of the whole pool, labels of the rows that have one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charz.records import Draw
from charz.samplers import _random

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MOST_CANDIDATES = 8192
"""Rows that are compared with each other; of more, a random part."""
MOST_REFERENCES = 2048
"""Rows that stand for the whole pool where all of it would be compared with every candidate."""


@dataclass(frozen=True)
class Picks:
    """Rows to label, int64 (m,), the best first, and what each was picked for, float64 (m,)."""

    rows: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Pool:
    """Rows to choose from and what is known of them.

    Attributes
    ----------
    X : float array (n, n_dims)
        Vectors, finite.
    rows : int64 array (n_labelled,)
        Which have a label.
    y : int64 array (n_labelled,)
        Their class codes.
    n_classes : int
        Codes are below it.
    seed : int
        Chooses the parts of a pool that is too large to be compared with itself.
    """

    X: Floats
    rows: Ints
    y: Ints
    n_classes: int
    seed: int = 0

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_seen(self) -> int:
        """Classes that have a labelled row."""
        return len(np.unique(self.y))

    @cached_property
    def first(self) -> Ints:
        """For every row the first row with the same vector, int64 (n,)."""
        seen: dict[bytes, int] = {}
        return np.array([seen.setdefault(x.tobytes(), i) for i, x in enumerate(self.X + 0.0)])

    @cached_property
    def available(self) -> Ints:
        """Rows that may be suggested: one of each vector, and none whose vector is labelled."""
        is_first = self.first == np.arange(len(self))
        is_first[self.first[self.rows]] = False
        return np.flatnonzero(is_first)

    @cached_property
    def candidates(self) -> Ints:
        """The available rows in order, or `MOST_CANDIDATES` of them."""
        return self._part(self.available, MOST_CANDIDATES, "candidates")

    @cached_property
    def references(self) -> Ints:
        """Rows that stand for the whole pool, in order."""
        return self._part(np.arange(len(self)), MOST_REFERENCES, "references")

    def _part(self, rows: Ints, most: int, purpose: str) -> Ints:
        if len(rows) <= most:
            return rows
        # ranked over the whole pool, so that labels change which rows stand in for others little
        rank = _random.permutation(len(self), self.seed, purpose)[rows]
        return np.sort(rows[np.argsort(rank)[:most]])

    @cached_property
    def directions(self) -> Floats:
        """Rows less their mean, of length one (zero where they equal it), float32 (n, n_dims)."""
        Z = np.asarray(self.X, dtype=np.float64) - self.X.mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(Z, axis=1, keepdims=True)
        unit: Floats = np.divide(Z, length, out=np.zeros_like(Z), where=length > 0)
        return unit.astype(np.float32)

    @cached_property
    def labelled(self) -> Draw:
        """The labelled rows and their codes, in an order that follows from their values.

        Folds are made in order: the same labels must give the same probe however they came.
        """
        order = sorted(range(len(self.rows)), key=lambda i: (self.X[self.rows[i]] + 0.0).tobytes())
        return Draw(self.rows[order], self.y[order])

    def probabilities(self, rows: Ints) -> Floats:
        """Return what the logistic probe on the labelled rows says of candidates or references.

        Returns
        -------
        float64 array (len(rows), n_classes)
        """
        asked, P = self._told
        found: Floats = P[np.searchsorted(asked, rows)]
        return found

    @cached_property
    def _told(self) -> tuple[Ints, Floats]:
        """Candidates and references in order, and their probabilities: one fit for both."""
        from charz.probes import logistic

        asked = np.union1d(self.candidates, self.references)
        evals = [self.X[asked]]
        (answer,) = logistic.predict(self.X, [self.labelled], evals, self.n_classes)
        return asked, answer.probabilities[0]

    def spare(self, budget: int) -> int:
        """Return how many rows can be picked."""
        return min(budget, len(self.candidates))

    def purpose(self, name: str) -> str:
        """Return the purpose of a stream of random words for this many labels."""
        return f"{name}/{len(self.rows)}"


def squared_distances(A: Floats, B: Floats) -> Floats:
    """Return the squared distances of rows of length one or zero, (len(A), len(B)).

    >>> squared_distances(np.eye(2), np.eye(2))
    array([[0., 2.], [2., 0.]])
    """
    norms = np.einsum("nd,nd->n", A, A)[:, None] + np.einsum("nd,nd->n", B, B)
    norms -= 2 * (A @ B.T)
    found: Floats = np.maximum(norms, 0, out=norms)
    return found


def margins(P: Floats) -> Floats:
    """Return the largest probability less the second of each row, (n,).

    >>> margins(np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]))
    array([0.25, 1.  ])
    """
    top = np.partition(P, P.shape[1] - 2, axis=1)[:, -2:]
    found: Floats = top[:, 1] - top[:, 0]
    return found
