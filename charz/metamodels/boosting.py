"""Gradient boosting of what the sample's own guesses miss, on the learned scale.

``link(metric) = link(base) + sum of trees``: 300 histogram trees of at most 12 leaves, each
shrunk by 0.04 and looking at a random half of the columns. Groups count the same. Missing
values go the way learned for them. Stored as plain arrays and predicted by numpy.

Source: Friedman 2001; Ke et al. 2017. Cost: linear in rows x columns x trees.

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

SETTINGS = {
    "learning_rate": 0.04,
    "max_iter": 300,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 15,
    "l2_regularization": 2.0,
    "max_features": 0.5,
    "early_stopping": False,
    "random_state": 0,
}


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit on a frame of features; see the contract in `charz.metamodels`.

    Parameters
    ----------
    link : {"share", "log"}, optional
        The scale to learn on; default: by the target's range.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    y = np.asarray(target, dtype=np.float64)
    link = _link.choose(y, link)
    weights = _link.group_weights(groups)
    design = _design.fit(features, y, weights, link)
    residual = _link.to_scale(link, y) - _design.base(design, features)
    X = _design.matrix(design, features)
    trees = HistGradientBoostingRegressor(**SETTINGS).fit(X, residual, sample_weight=weights)
    return {"format": np.array(2), **design, **_trees.from_boosting(trees)}


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range."""
    correction = _trees.predict(model, _design.matrix(model, features))
    scaled = _design.base(model, features) + correction
    return _link.from_scale(str(model["link"]), scaled)
