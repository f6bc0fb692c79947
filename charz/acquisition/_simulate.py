"""What a strategy would have labelled: rounds of picking and, from known labels, labelling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz import shelf
from charz.acquisition import _auto
from charz.acquisition._pool import Picks, Pool
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints

ROUNDS = (10, 20, 50, 100, 200)
"""Labels after each round, unless said otherwise."""


@dataclass(frozen=True)
class Batch:
    """Picks, and the strategy that made them: of the one asked for, perhaps the cold one.

    ``reason`` is in words, with a place for each pick's value.
    """

    strategy: str
    reason: str
    picks: Picks


def batch(pool: Pool, budget: int, strategy: str, seed: int, total: int | None = None) -> Batch:
    """Let a strategy pick, or its ``COLD`` one until two classes are labelled.

    Parameters
    ----------
    strategy : str
        An item of the acquisition shelf, or ``auto``: see `charz.acquisition._auto`.
    total : int, optional
        Labels that there will be in the end: default, after this batch.

    Raises
    ------
    UnknownNameError
        When there is no such strategy.
    """
    name = strategy
    if strategy == _auto.NAME:
        name = _auto.choose(pool, total or len(pool.rows) + budget).strategy
    item = shelf.load("acquisition", name)
    while item.NEEDS_CLASSES and pool.n_seen < 2:
        name = item.COLD
        item = shelf.load("acquisition", name)
    none = Picks(np.array([], dtype=np.int64), np.array([]))
    picks = item.pick(pool, budget, seed) if len(pool.candidates) else none
    return Batch(name, item.REASON, picks)


def simulate(
    X: Floats,
    y: Ints,
    n_classes: int,
    strategy: str,
    seed: int,
    rounds: Sequence[int] = ROUNDS,
) -> Draw:
    """Return the order in which a strategy labels a pool whose labels are known.

    Parameters
    ----------
    X : float array (n, n_dims)
        The pool.
    y : int array (n,)
        Codes in ``range(n_classes)``; each is seen only once its row is picked.
    strategy : str
        An item of the acquisition shelf, or ``auto``.
    seed : int
    rounds : sequence of int
        Labels in all after each round; the last is the most.

    Returns
    -------
    Draw
        Fewer rows than ``rounds`` asks for where the pool has no more different vectors.

    Examples
    --------
    >>> X = np.arange(12.0).reshape(6, 2) % 5
    >>> simulate(X, np.array([0, 1] * 3), 2, "random", 0, rounds=(2, 4)).rows
    array([3, 1, 0, 2])
    """
    codes = np.asarray(y, dtype=np.int64)
    rows = np.array([], dtype=np.int64)
    for size in sorted(rounds):
        pool = Pool(X, rows, codes[rows], n_classes, seed)
        picks = batch(pool, size - len(rows), strategy, seed, max(rounds)).picks
        rows = np.concatenate([rows, picks.rows])
    return Draw(rows, codes[rows])
