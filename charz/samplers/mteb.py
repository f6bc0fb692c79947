"""MTEB's draws: the first k of each class in the split's order, shuffled again for every draw.

The Massive Text Embedding Benchmark [1]_ keeps one list of row numbers per task. Before each draw
it is shuffled in place by a generator that always starts from 42, so that draw i uses the power
i + 1 of one permutation; of the shuffled list it takes the first k rows of every class, or all
of a class that has fewer. Rows come here in rounds, one of each class, so that its set for any k
is a prefix: a class's own rows keep their order. The draws of a task are the same for every
encoder, and those published are reproduced where the rows of the split stand in the same order.

References
----------
.. [1] N. Muennighoff, N. Tazi, L. Magne, N. Reimers, "MTEB: Massive Text Embedding Benchmark",
   EACL 2023, section 3.2; the seed and the repeated shuffle are those of its program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.records import Draw
from charz.samplers._classes import codes, turns
from charz.samplers._random import whole

if TYPE_CHECKING:
    from charz.records import Ints

PARAMETERS: dict[str, Any] = {}
EVALUATE = "same"
PER_CLASS = True
SEED = 42
"""The seed of every shuffle."""


def draw(y: Ints, n_classes: int, seed: int) -> Draw:
    """Return the whole split in rounds, as MTEB's draw number ``seed`` meets its rows.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``, in the order of the published split.
    n_classes : int
    seed : int
        The draw's number, from 0; another integer is another power of the permutation.

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)``.

    Examples
    --------
    >>> draw([0, 0, 0, 1, 1, 2], n_classes=3, seed=0).rows
    array([0, 5, 4, 1, 3, 2])
    """
    labels = codes(y, n_classes)
    # RandomState's stream is frozen (NEP 19), shuffles included: it is MTEB's own.
    rows = _power(np.random.RandomState(SEED).permutation(len(labels)), whole(seed) + 1)
    order = np.argsort(turns(labels[rows]), kind="stable")
    return Draw(rows[order], labels[rows][order])


def n_rows(y: Ints, n_classes: int, size: int) -> int:
    """Return how many rows a draw of ``size`` per class has: classes with fewer give all.

    >>> n_rows(np.array([0, 0, 0, 1]), 2, 2)
    3
    """
    return int(np.minimum(np.bincount(y, minlength=n_classes), size).sum())


def _power(permutation: Ints, exponent: int) -> Ints:
    """Return a permutation applied ``exponent`` times, each of its cycles turned at once."""
    power = np.empty_like(permutation)
    seen = np.zeros(len(permutation), dtype=bool)
    for start in range(len(permutation)):
        if seen[start]:
            continue
        cycle, place = [start], int(permutation[start])
        while place != start:
            cycle.append(place)
            place = int(permutation[place])
        seen[cycle] = True
        power[cycle] = np.roll(cycle, -(exponent % len(cycle)))
    return power
