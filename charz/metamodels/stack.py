"""The mean of ridge and extra trees; of a loss, extra trees alone.

A straight line goes on where trees stop, trees bend where a line cannot: their errors
differ, so their mean is better than each. Members are stored side by side under their
names. (Boosting as a third moved the held-out error by less than 0.1 points at three times
the cost.) Source: Breiman 1996 (stacked regressions, here with equal weights). Cost: the sum.

Examples
--------
>>> import numpy as np, pandas as pd
>>> cv = np.linspace(0.5, 0.9, 400)
>>> frame = pd.DataFrame({"cv": cv})
>>> model = fit(frame, cv - 0.1, np.arange(400) % 10)
>>> np.round(predict(model, pd.DataFrame({"cv": [0.6, 0.85]})), 2)
array([0.5 , 0.75])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz import shelf
from charz.metamodels import _link
from charz.metamodels._parts import part

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

MEMBERS = {"share": ("ridge", "extra_trees"), "log": ("extra_trees",)}
"""By link: a straight line through the logarithm of a loss runs away where a few are huge."""


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit every member on a frame of features; see the contract in `charz.metamodels`.

    Parameters
    ----------
    link : {"share", "log"}, optional
        The scale to learn on; default: by the target's range.
    """
    link = _link.choose(np.asarray(target, dtype=np.float64), link)
    members = MEMBERS[link]
    model = {"format": np.array(2), "members": np.array(members), "link": np.array(link)}
    for member in members:
        arrays = shelf.load("metamodels", member).fit(features, target, groups, link)
        model |= {f"{member}.{name}": array for name, array in arrays.items()}
    return model


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range."""
    mean: Floats = np.mean(list(members(model, features).values()), axis=0)
    return mean


def members(model: Arrays, features: pd.DataFrame) -> dict[str, Floats]:
    """Return each member's prediction, (rows,): how far they part hints at the error."""
    answers = {}
    for member in model["members"].tolist():
        arrays = part(model, f"{member}.")
        answers[member] = shelf.load("metamodels", member).predict(arrays, features)
    return answers
