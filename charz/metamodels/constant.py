"""The mean of what was measured: the baseline that every metamodel must beat.

Each dataset group counts the same. Cost: none.

Examples
--------
>>> import pandas as pd
>>> frame = pd.DataFrame({"cv": [0.5, 0.7, 0.9]})
>>> model = fit(frame, [0.4, 0.6, 0.9], ["a", "a", "b"])
>>> predict(model, frame)
array([0.7, 0.7, 0.7])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _link

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Take the mean target over groups; ``features`` are not looked at."""
    y = np.asarray(target, dtype=np.float64)
    _link.choose(y, link)
    mean = np.average(y, weights=_link.group_weights(groups))
    return {"format": np.array(2), "value": np.array(mean)}


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Return the stored mean for every row, (rows,)."""
    return np.full(len(features), float(model["value"]))
