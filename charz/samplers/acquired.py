"""What a strategy would have labelled: rows picked by an encoder's vectors, round by round.

Simulates `charz label`: the strategy sees the vectors of the whole split and the labels of the
rows picked so far. The draw depends on the encoder, so a protocol names it, and its cells are
measured with that encoder alone. Strategy ``random`` is the baseline: of the whole split, the rows
of the sampler ``random`` at the same seed, one of each vector. Most strategies leave nothing to
chance: with a ``share`` below 1 every seed has a pool of its own, and runs can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import Draw
from charz.samplers import _random
from charz.samplers._classes import shuffled

if TYPE_CHECKING:
    from charz.records import Floats, Ints

PARAMETERS: dict[str, Any] = {
    "strategy": "random",
    "encoder": "",
    "rounds": (10, 20, 50, 100, 200),
    "share": 1.0,
}
EVALUATE = "same"


def draw(
    y: Ints,
    n_classes: int,
    seed: int,
    strategy: str = "random",
    encoder: str = "",
    rounds: Sequence[int] = PARAMETERS["rounds"],
    share: float = PARAMETERS["share"],
) -> Draw:
    """Return the pool in random order: without vectors only ``random`` can pick.

    Raises
    ------
    InputError
        When the strategy is another, the share not in (0, 1], or ``y`` are no codes in
        ``range(n_classes)``.
    """
    if strategy != "random":
        raise InputError(f"acquired: '{strategy}' needs vectors", "name an encoder")
    every = shuffled(y, n_classes, seed)
    kept = np.isin(every.rows, _part(len(every.rows), seed, share))
    return Draw(every.rows[kept], every.labels[kept])


def acquire(
    X: Floats,
    y: Ints,
    n_classes: int,
    seed: int,
    strategy: str = "random",
    encoder: str = "",
    rounds: Sequence[int] = PARAMETERS["rounds"],
    share: float = PARAMETERS["share"],
) -> Draw:
    """Return the rows in the order in which they would have been labelled.

    Parameters
    ----------
    X : float array (n, n_dims)
        The split's vectors under the encoder.
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int
    strategy : str
        An item of the acquisition shelf, or ``auto``.
    encoder : str
        The spec that ``X`` comes from: not looked at here.
    rounds : sequence of int
        Labels in all after each round.
    share : float
        Part of the split that is the pool, in (0, 1]: drawn by the seed.

    Raises
    ------
    InputError
        When the rounds are no numbers of rows, the share is not in (0, 1], or ``y`` are no codes
        in ``range(n_classes)``.
    UnknownNameError
        When there is no such strategy.

    Examples
    --------
    >>> acquire(np.eye(4), np.array([0, 0, 1, 1]), 2, seed=7, rounds=(2, 3)).rows
    array([2, 1, 3])
    """
    from charz.acquisition._simulate import simulate

    whole = all(isinstance(size, int) and size > 0 for size in rounds)
    if not rounds or not whole or len(set(rounds)) < len(rounds):
        raise InputError(f"acquired: the rounds {rounds} are no sizes", "give e.g. rounds=[10,50]")
    shuffled(y, n_classes, seed)  # checks the codes
    rows = _part(len(y), seed, share)
    found = simulate(np.asarray(X)[rows], y[rows], n_classes, strategy, seed, rounds)
    return Draw(rows[found.rows], found.labels)


def _part(n: int, seed: int, share: float) -> Ints:
    """Return the rows of the pool, in order, at least one."""
    if not 0 < share <= 1:
        raise InputError(f"acquired: a share of {share} is no part", "give it in (0, 1]")
    n_kept = max(round(share * n), 1)
    return np.sort(_random.permutation(n, seed, "pool")[:n_kept])
