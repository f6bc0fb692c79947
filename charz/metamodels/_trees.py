"""Sums of regression trees as plain arrays: written from scikit-learn, read by numpy alone.

``tree_first`` (trees,) is each tree's root; of every node, in one list for all trees:
``tree_feature`` (-1 at a leaf), ``tree_threshold``, ``tree_left``, ``tree_right``,
``tree_missing_left`` and ``tree_value``; ``tree_start`` is what the sum begins with and
``tree_divisor`` what it is divided by. The exporters follow scikit-learn's private
layout and are pinned by tests; the reader depends on nothing but this page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError

if TYPE_CHECKING:
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

#: Rows walked down all trees at once: bounds memory to rows x trees.
BLOCK = 2048


def from_boosting(model: Any) -> Arrays:
    """Export a fitted HistGradientBoostingRegressor without categorical splits."""
    nodes = [trees[0].nodes for trees in model._predictors]
    arrays = _joined([len(tree) for tree in nodes], [_boosted(tree) for tree in nodes])
    start = float(np.ravel(model._baseline_prediction)[0])
    return arrays | {"tree_start": np.array(start), "tree_divisor": np.array(1.0)}


def from_forest(model: Any) -> Arrays:
    """Export a fitted ExtraTreesRegressor or RandomForestRegressor.

    With several outputs ``tree_value`` is (nodes, outputs), and so is what `predict` answers.
    """
    trees = [estimator.tree_ for estimator in model.estimators_]
    arrays = _joined([tree.node_count for tree in trees], [_grown(tree) for tree in trees])
    divisor = np.array(float(len(trees)))
    return arrays | {"tree_start": np.array(0.0), "tree_divisor": divisor}


def predict(arrays: Arrays, X: Floats) -> Floats:
    """Return the trees' answer for each row, (rows,) or (rows, outputs).

    NaN goes the way learned for it.

    Trees are added in their order, so the sum is bit for bit scikit-learn's.

    Raises
    ------
    InputError
        When a stored tree leads back to itself.
    """
    inner = arrays["tree_feature"] >= 0
    nearest = np.minimum(arrays["tree_left"], arrays["tree_right"])
    if (nearest <= np.arange(len(inner)))[inner].any():
        raise InputError("a stored tree leads back to itself", "fit the metamodel again")
    answers = [_walk(arrays, X[i : i + BLOCK]) for i in range(0, len(X), BLOCK)]
    return np.concatenate(answers) if answers else np.empty(0)


def _walk(arrays: Arrays, X: Floats) -> Floats:
    node = np.repeat(arrays["tree_first"][None, :], len(X), axis=0)
    rows = np.arange(len(X))[:, None]
    feature = arrays["tree_feature"][node]
    while (feature >= 0).any():
        x = X[rows, np.maximum(feature, 0)]
        left = np.where(
            np.isnan(x), arrays["tree_missing_left"][node], x <= arrays["tree_threshold"][node]
        )
        child = np.where(left, arrays["tree_left"][node], arrays["tree_right"][node])
        node = np.where(feature >= 0, child, node)
        feature = arrays["tree_feature"][node]
    shape = (len(X), *arrays["tree_value"].shape[1:])
    total = np.full(shape, float(arrays["tree_start"]))
    for leaf in node.T:
        total += arrays["tree_value"][leaf]
    return total / float(arrays["tree_divisor"])


def _joined(sizes: list[int], trees: list[Arrays]) -> Arrays:
    """Concatenate trees, moving children's numbers to the common list."""
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    for start, tree in zip(first, trees, strict=True):
        for side in ("tree_left", "tree_right"):
            tree[side] = (tree[side] + start).astype(np.int32)
    joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    return {"tree_first": first, **joined}


def _boosted(nodes: Any) -> Arrays:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "tree_feature": np.where(leaf, -1, nodes["feature_idx"]).astype(np.int16),
        "tree_threshold": nodes["num_threshold"].astype(np.float64),
        "tree_left": nodes["left"].astype(np.int64),
        "tree_right": nodes["right"].astype(np.int64),
        "tree_missing_left": nodes["missing_go_to_left"].astype(bool),
        "tree_value": nodes["value"].astype(np.float64),
    }


def _grown(tree: Any) -> Arrays:
    leaf = tree.children_left < 0
    return {
        "tree_feature": np.where(leaf, -1, tree.feature).astype(np.int16),
        "tree_threshold": tree.threshold.astype(np.float64),
        "tree_left": tree.children_left.astype(np.int64),
        "tree_right": tree.children_right.astype(np.int64),
        "tree_missing_left": tree.missing_go_to_left.astype(bool),
        "tree_value": tree.value[:, 0 if tree.n_outputs == 1 else slice(None), 0].astype(float),
    }
