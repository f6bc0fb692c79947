"""From a frame of features to the matrix a metamodel learns from, the same at predict.

The *base*, which every metamodel corrects, is the mean of the sample's own guesses of the
metric, its *anchors*: for accuracy cross-validation and what corrects it by the eval rows. Their
errors differ, so that their mean is better than each. Estimators enter as their difference to
the base, sizes and other skewed nonnegative columns as log(1 + x), all else as it is. Columns are
matched by name; absent ones, and infinite values, are NaN.
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

ANCHORS = (
    ("cv", "cv_repeated", "doc", "cbpe", "ac_scaled", "heads_vote"),
    ("cv_macro_f1", "expected_macro_f1"),
    ("cv_log_loss", "cv_deals_log_loss", "expected_log_loss"),
)
"""Guesses of accuracy, of macro-F1 and of log-loss; the set nearest to the target is taken."""
GUESSES = {
    "macro_f1": {"cv": "cv_macro_f1", "expected": "expected_macro_f1"},
    "log_loss": {
        "cv": "cv_log_loss",
        "cv_repeated": "cv_deals_log_loss",
        "expected": "expected_log_loss",
    },
}
"""Of metrics other than accuracy, the columns that stand beside a metamodel, by their names."""
HIDDEN = "_"
"""Columns that begin so say what a row was, or is said to be: no model learns from them."""
SIZE = "n_train"
USUAL = 64.0
#: No feature says more beyond this; squares and float32 stay finite.
LARGEST = 1e15
PLAIN, LOGGED, RELATIVE = 0, 1, 2


def fit(features: pd.DataFrame, target: Floats, weights: Floats, link: str) -> Arrays:
    """Choose anchors, columns and their scales; the arrays that `matrix` and `base` read.

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
    anchors = _anchors(features, names, target, weights, link)
    relative = {*anchors, *(shelf.names("estimators") if link == "share" else ())}
    kinds = [_kind(name, x, relative) for name, x in zip(names, X[:, known].T, strict=True)]
    level = np.average(_link.to_scale(link, target), weights=weights)
    return {
        "link": np.array(link),
        "names": np.array(names, dtype=np.str_),
        "kinds": np.array(kinds, dtype=np.int8),
        "level": np.array(level),
        "anchors": np.array(anchors, dtype=np.str_),
    }


def _anchors(
    features: pd.DataFrame, names: list[str], target: Floats, weights: Floats, link: str
) -> list[str]:
    """Return the anchors whose mean is nearest to the target, none where the mean target is."""
    y = _link.to_scale(link, target)
    level = float(np.average(y, weights=weights))
    best, least = [], np.average((y - level) ** 2, weights=weights)
    for anchors in ANCHORS:
        there = [name for name in anchors if name in names]
        start = _mean(features, there, link, level)
        error = np.average((y - start) ** 2, weights=weights)
        if error < least:
            best, least = there, error
    return best


def _mean(features: pd.DataFrame, anchors: list[str], link: str, level: float) -> Floats:
    """Return the scaled mean of the anchors that a row has, else the level."""
    X = columns(features, anchors)
    known = np.isfinite(X)
    count = known.sum(axis=1)
    total = np.where(known, X, 0.0).sum(axis=1)
    return np.where(count > 0, _link.to_scale(link, total / np.maximum(count, 1)), level)


def guesses(metric: str, features: pd.DataFrame) -> dict[str, str]:
    """Return the column of every baseline that a sample itself gives, by the baseline's name.

    >>> import pandas as pd
    >>> guesses("macro_f1", pd.DataFrame({"cv": [0.5], "cv_macro_f1": [0.4]}))
    {'cv': 'cv_macro_f1'}
    """
    every = GUESSES.get(metric) or {name: name for name in shelf.names("estimators")}
    return {name: column for name, column in every.items() if column in features.columns}


def check_rows(features: pd.DataFrame, target: Floats) -> None:
    """Raise `InputError` when there is not one target per row of features."""
    if len(features) != len(target):
        raise InputError(
            f"{len(features)} rows of features for {len(target)} targets", "give one per row"
        )


def base(design: Arrays, features: pd.DataFrame) -> Floats:
    """Return what is corrected, on the learned scale, (rows,); the mean target without anchors."""
    anchors = [str(name) for name in design["anchors"]]
    return _mean(features, anchors, str(design["link"]), float(design["level"]))


def matrix(design: Arrays, features: pd.DataFrame) -> Floats:
    """Return the design matrix, (rows, columns + 2).

    The last two columns are the base and, for a share, the standard error of so large a share
    of ``n_train`` rows (0 for other metrics).
    """
    link = str(design["link"])
    X = columns(features, [str(name) for name in design["names"]])
    start = base(design, features)
    logged = design["kinds"] == LOGGED
    X[:, logged] = np.log1p(np.maximum(X[:, logged], 0))
    relative = design["kinds"] == RELATIVE
    X[:, relative] = _link.to_scale(link, X[:, relative]) - start[:, None]
    error = start * (1 - start) if link == "share" else np.zeros(len(start))
    return np.column_stack([X, start, np.sqrt(error / sizes(features))])


def sizes(features: pd.DataFrame) -> Floats:
    """Return the rows of each training sample, (rows,), `USUAL` where that is unknown."""
    (n,) = columns(features, [SIZE]).T
    return np.where(np.isfinite(n), np.maximum(n, 1), USUAL)


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


def _kind(name: str, x: Floats, relative: set[str]) -> int:
    """Return how a column enters: relative to the base, as a logarithm, or as it is."""
    if name in relative:
        return RELATIVE
    low, middle, high = np.nanpercentile(x, [0, 50, 99])
    return LOGGED if low >= 0 and high > 10 * middle and high > 1 else PLAIN
