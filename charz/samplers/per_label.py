"""k per label: rounds that take one row of every class, as few-shot protocols do.

The prefix of k * K rows, K the number of classes in the split, holds exactly k of each for
as long as every class has k rows; later rounds take the classes that still have some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.records import Draw
from charz.samplers._classes import shuffled, turns
from charz.samplers._random import words

if TYPE_CHECKING:
    from charz.records import Ints

PARAMETERS: dict[str, Any] = {}
EVALUATE = "same"
PER_CLASS = True


def draw(y: Ints, n_classes: int, seed: int) -> Draw:
    """Return the whole split in rounds, the classes of each round in random order.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)``.

    Examples
    --------
    >>> draw([0, 0, 0, 1, 1, 2], n_classes=3, seed=0).labels
    array([2, 1, 0, 1, 0, 0])
    """
    every = shuffled(y, n_classes, seed)
    order = np.lexsort((words(len(every.rows), seed, "rounds"), turns(every.labels)))
    return Draw(every.rows[order], every.labels[order])
