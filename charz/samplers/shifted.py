"""Uniform rows for training, evaluated on the other datasets of the same label family.

The rows and labels are those of ``random`` at the same seed: what differs is where the probe
is evaluated, so the two results of one training subset give the cost of the shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from charz.samplers._classes import shuffled

if TYPE_CHECKING:
    from charz.records import Draw, Ints

PARAMETERS: dict[str, Any] = {}
EVALUATE = "family"


def draw(y: Ints, n_classes: int, seed: int) -> Draw:
    """Return the split in random order.

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
    >>> draw([0, 0, 1, 1], n_classes=2, seed=7).head(3).rows
    array([2, 1, 3])
    """
    return shuffled(y, n_classes, seed)
