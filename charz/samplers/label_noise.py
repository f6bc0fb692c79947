"""Label noise: random rows, each label replaced with probability ``rate`` by another class.

Symmetric noise (Angluin and Laird, Learning from noisy examples, 1988; K > 2 as in Patrini et
al., CVPR 2017). Whether and whereto a row flips depends on the row, the seed and the rate
alone: so sizes nest, and a higher rate flips the same rows to the same classes and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import Draw
from charz.samplers._classes import shuffled
from charz.samplers._random import uniform, words

if TYPE_CHECKING:
    from charz.records import Ints

PARAMETERS: dict[str, Any] = {"rate": 0.1}
EVALUATE = "same"


def draw(y: Ints, n_classes: int, seed: int, rate: float = 0.1) -> Draw:
    """Return the rows of ``random`` at this seed with noisy labels.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
        At least 2: a flip needs another class to go to.
    seed : int
    rate : float
        Probability of a flip, in [0, 1].

    Raises
    ------
    InputError
        When ``rate`` is out of range, there is one class, or ``y`` are no class codes.

    Examples
    --------
    >>> draw([0] * 8, n_classes=3, seed=0, rate=0.5).labels
    array([0, 1, 1, 0, 2, 0, 1, 0])
    """
    if not 0 <= rate <= 1:
        raise InputError(f"label_noise: the rate {rate} is not in [0, 1]", "give e.g. rate=0.1")
    if n_classes < 2:
        raise InputError("label_noise: one class leaves no other to flip to", "give two or more")
    order = shuffled(y, n_classes, seed)
    n = len(order.rows)
    flips = (uniform(n, seed, "flips") < rate)[order.rows]
    steps = (words(n, seed, "targets") % np.uint64(n_classes - 1)).astype(np.int64) + 1
    noisy = (order.labels + steps[order.rows]) % n_classes
    return Draw(order.rows, np.where(flips, noisy, order.labels))
