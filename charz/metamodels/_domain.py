"""Where eval rows come from, as far as the one who asks knows: a hint that no model learns from.

A column of the frame that `predict` is given carries it, `TOLD`: 0 where the eval rows come from
the same source as the labelled ones, 1 where they come from another, NaN (or no such column)
where nobody knows.

>>> import pandas as pd
>>> frame = pd.DataFrame({"cv": [0.7, 0.8]})
>>> told(frame), told(tell(frame, [False, True]))
(array([nan, nan]), array([0., 1.]))
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz import shelf
from charz.errors import UnknownNameError
from charz.metamodels import _design

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

DOMAINS = {"unknown": math.nan, "same": 0.0, "other": 1.0}
"""What can be said of the eval rows' source, and the number that stands for it."""
TOLD = f"{_design.HIDDEN}told_shift"


def number(domain: str) -> float:
    """Return what stands for a domain in the column `TOLD`.

    >>> number("other")
    1.0

    Raises
    ------
    UnknownNameError
        When it is none of `DOMAINS`.
    """
    if domain not in tuple(DOMAINS):
        raise UnknownNameError(f"unknown domain '{domain}'", "choose unknown, same or other")
    return DOMAINS[domain]


def tell(features: pd.DataFrame, is_shift: ArrayLike) -> pd.DataFrame:
    """Return the frame with what is said of each row, (rows,); NaN is unknown."""
    return features.assign(**{TOLD: np.asarray(is_shift, dtype=np.float64)})


def told(features: pd.DataFrame) -> Floats:
    """Return how far each row is said to be shifted, (rows,), in [0, 1]; NaN is unknown."""
    said: Floats = np.clip(_design.columns(features, [TOLD])[:, 0], 0, 1)
    return said


def is_heard(item: str) -> bool:
    """Return whether a metamodel heeds what is said; to the others it makes no difference.

    >>> is_heard("mixture"), is_heard("ridge")
    (True, False)
    """
    return bool(getattr(shelf.load("metamodels", item), "HEARS_DOMAIN", False))
