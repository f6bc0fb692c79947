"""Randomised trees from signs to accuracies: the other half of a selector.

Trees learn, in units of the error to expect (`_signs.error`), what the logistic head's accuracy is
more than its cross-validated one, and every other head's advantage over it.

Source: P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.heads._signs import error
from charz.metamodels import _trees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]
    Signs = Mapping[str, Floats]

N_TREES = 40
LEAST_PER_LEAF = 12


def fit(signs: Signs, n_train: Floats, targets: Floats, weights: Floats) -> Arrays:
    """Return trees as arrays without objects.

    Parameters
    ----------
    signs : mapping of name to array (samples,)
    n_train : array (samples,)
    targets : array (samples, heads)
        The first head's accuracy, then advantages over it.
    weights : array (samples,)
    """
    from sklearn.ensemble import ExtraTreesRegressor

    scale = error(n_train, signs["cv"])[:, None]
    forest = ExtraTreesRegressor(
        N_TREES, max_features=0.5, min_samples_leaf=LEAST_PER_LEAF, random_state=0
    ).fit(_matrix(signs), (targets - _base(signs, targets.shape[1])) / scale, weights)
    arrays = _trees.from_forest(forest)
    # Rows are compared in float32; thresholds and answers need no more.
    halved = {name: arrays[name].astype(np.float32) for name in ("tree_threshold", "tree_value")}
    return arrays | halved


def predict(forest: Arrays, signs: Signs, n_train: Floats) -> Floats:
    """Return accuracy and advantages, (samples, heads), of what `fit` returned."""
    answers = _trees.predict(forest, _matrix(signs).astype(np.float64))
    found: Floats = answers * error(n_train, signs["cv"])[:, None]
    return found + _base(signs, found.shape[1])


def _base(signs: Signs, n_heads: int) -> Floats:
    base = np.zeros((len(signs["cv"]), n_heads))
    base[:, 0] = signs["cv"]
    return base


def _matrix(signs: Signs) -> Floats:
    found: Floats = np.column_stack([signs[name] for name in sorted(signs)]).astype(np.float32)
    return found
