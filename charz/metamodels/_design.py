"""From a frame of features to the matrix a metamodel learns from, the same at predict.

The *base* is the learned-scale value of cross-validation, which every metamodel corrects.
Estimators enter as their difference to the base, sizes and other skewed nonnegative
columns as log(1 + x), all else as it is. Columns are matched by name; absent ones, and
infinite values, are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.metamodels import _link

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

BASE = "cv"
HIDDEN = "_"
"""Columns that begin so are known in training alone: no model learns from them."""
SIZE = "n_train"
#: No feature says more beyond this; squares and float32 stay finite.
LARGEST = 1e15
PLAIN, LOGGED, SHARE = 0, 1, 2


def fit(features: pd.DataFrame, target: Floats, weights: Floats, link: str) -> Arrays:
    """Choose base, columns and their scales; the arrays that `matrix` and `base` read.

    Raises
    ------
    InputError
        When a column is not numeric, or rows and targets disagree.
    """
    check_rows(features, target)
    names = sorted(name for name in map(str, features.columns) if not name.startswith(HIDDEN))
    X = columns(features, names)
    known = np.asarray(np.isfinite(X).any(axis=0))
    names = [name for name, keep in zip(names, known, strict=True) if keep]
    estimators = set(shelf.names("estimators"))
    kinds = [_kind(name, x, estimators) for name, x in zip(names, X[:, known].T, strict=True)]
    y = _link.to_scale(link, target)
    design = {
        "link": np.array(link),
        "names": np.array(names, dtype=np.str_),
        "kinds": np.array(kinds, dtype=np.int8),
        "level": np.array(np.average(y, weights=weights)),
        "has_base": np.array(BASE in names and link == "logit"),
    }
    if design["has_base"]:
        design["has_base"] = np.array(_helps(y, base(design, features), weights))
    return design


def check_rows(features: pd.DataFrame, target: Floats) -> None:
    """Raise `InputError` when there is not one target per row of features."""
    if len(features) != len(target):
        raise InputError(
            f"{len(features)} rows of features for {len(target)} targets", "give one per row"
        )


def base(design: Arrays, features: pd.DataFrame) -> Floats:
    """Return what is corrected, on the learned scale, (rows,): CV, or the mean target.

    CV counts as smoothed by its number of rows; where it is NaN the mean target stands in.
    """
    level = np.full(len(features), float(design["level"]))
    if not design["has_base"]:
        return level
    cv, n = columns(features, [BASE, SIZE]).T
    scaled = _link.to_scale("logit", _link.smoothed(cv, n))
    return np.where(np.isfinite(scaled), scaled, level)


def matrix(design: Arrays, features: pd.DataFrame) -> Floats:
    """Return the design matrix, (rows, columns + 1); the last column is the base."""
    X = columns(features, [str(name) for name in design["names"]])
    start = base(design, features)
    logged = design["kinds"] == LOGGED
    X[:, logged] = np.log1p(np.maximum(X[:, logged], 0))
    shares = design["kinds"] == SHARE
    X[:, shares] = _link.to_scale("logit", X[:, shares]) - start[:, None]
    return np.column_stack([X, start])


def columns(features: pd.DataFrame, names: list[str]) -> Floats:
    """Return the named columns as float64, (rows, names); absent or infinite is NaN.

    Larger values count as LARGEST.

    Raises
    ------
    InputError
        When a column is not numeric.
    """
    X = np.full((len(features), len(names)), np.nan)
    for j, name in enumerate(names):
        if name not in features.columns:
            continue
        try:
            X[:, j] = features[name].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"the feature column '{name}' is not numeric", "leave it out of the features"
            ) from error
    X[~np.isfinite(X)] = np.nan
    return np.asarray(np.clip(X, -LARGEST, LARGEST))


def _kind(name: str, x: Floats, estimators: set[str]) -> int:
    """Return how a column enters: a share, a skewed nonnegative number, or as it is."""
    if name in estimators:
        return SHARE
    low, middle, high = np.nanpercentile(x, [0, 50, 99])
    return LOGGED if low >= 0 and high > 10 * middle and high > 1 else PLAIN


def _helps(y: Floats, start: Floats, weights: Floats) -> bool:
    """Whether the base comes closer to the target than the target's own mean."""
    about_base = np.average((y - start) ** 2, weights=weights)
    about_mean = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    return bool(about_base < about_mean)
