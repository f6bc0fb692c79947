"""Uniform rows for training, alone and with rows of another dataset of the label family.

The rows and labels are those of ``random`` at the same seed. The step that draws them adds to
each subset, once for every other dataset of the family, that dataset's first ``most`` rows (all
where it has fewer): so two results of one training size give the gain of pooling.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from charz.errors import InputError
from charz.samplers._classes import shuffled

if TYPE_CHECKING:
    from charz.records import Draw, Ints

PARAMETERS: dict[str, Any] = {"most": 512}
EVALUATE = "same"


def draw(y: Ints, n_classes: int, seed: int, most: int = 512) -> Draw:
    """Return the split in random order.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int
    most : int
        Rows of another dataset that are added, at least 1; see `pool`.

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)`` or ``most`` is no whole number from 1 up.

    Examples
    --------
    >>> draw([0, 0, 1, 1], n_classes=2, seed=7).head(3).rows
    array([2, 1, 3])
    """
    _most(most)
    return shuffled(y, n_classes, seed)


def pool(y: Ints, n_classes: int, seed: int, most: int = 512) -> Draw:
    """Return the rows of another dataset that are added, at most ``most`` of its split.

    Parameters and errors are those of `draw`.

    >>> pool([0, 0, 1, 1], n_classes=2, seed=7, most=2).rows
    array([2, 1])
    """
    return shuffled(y, n_classes, seed).head(_most(most))


def _most(most: int) -> int:
    try:
        number = index(most)
    except TypeError:
        number = 0
    if number < 1:
        raise InputError(f"most = {most!r}", "give a whole number of rows from 1 up")
    return number
