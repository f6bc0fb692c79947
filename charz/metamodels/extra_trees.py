"""Extremely randomised trees over what the sample's own guesses miss, on the learned scale.

``link(metric) = link(base) + spread * mean of trees``: 100 trees with random thresholds, each
split looking at a third of the columns; leaves hold at least 5 rows, more in a large registry,
so that the stored arrays stay small. Groups count the same. The spread is that of the errors
on this scale (`charz.metamodels._link.spread`).

Source: Geurts, Ernst and Wehenkel 2006. Cost: rows x log(rows) x columns x trees.

Examples
--------
>>> import numpy as np, pandas as pd
>>> cv = np.linspace(0.5, 0.9, 400)
>>> frame = pd.DataFrame({"cv": cv})
>>> model = fit(frame, np.where(cv > 0.7, cv - 0.1, cv), np.arange(400) % 10)
>>> np.round(predict(model, pd.DataFrame({"cv": [0.6, 0.85]})), 2)
array([0.6 , 0.75])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _design, _link, _trees

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

N_TREES = 100
#: No tree has more than about this many leaves, however many rows there are.
MOST_LEAVES = 700


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit on a frame of features; see the contract in `charz.metamodels`.

    Parameters
    ----------
    link : {"share", "log"}, optional
        The scale to learn on; default: by the target's range.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    y = np.asarray(target, dtype=np.float64)
    link = _link.choose(y, link)
    weights = _link.group_weights(groups)
    design = _design.fit(features, y, weights, link)
    spread = _link.spread(link, _design.sizes(features))
    residual = (_link.to_scale(link, y) - _design.base(design, features)) / spread
    forest = ExtraTreesRegressor(
        n_estimators=N_TREES,
        max_features=1 / 3,
        min_samples_leaf=max(5, len(y) // MOST_LEAVES),
        random_state=0,
    ).fit(_matrix(design, features), residual, sample_weight=weights * spread**2)
    return {"format": np.array(2), **design, **_trees.from_forest(forest)}


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range."""
    correction = _trees.predict(model, _matrix(model, features).astype(np.float64))
    link = str(model["link"])
    correction *= _link.spread(link, _design.sizes(features))
    return _link.from_scale(link, _design.base(model, features) + correction)


def _matrix(design: Arrays, features: pd.DataFrame) -> Floats:
    """Return the design matrix as scikit-learn's trees see it: rounded to float32."""
    return _design.matrix(design, features).astype(np.float32)
