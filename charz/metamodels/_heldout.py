"""Judging a metamodel on groups it has not seen, beside the baselines it must beat.

Every row is predicted by a model fitted without its dataset group - and, where lineages are
given, without any row of its encoder lineage. Intervals are judged by a calibration that
left the judged group out (cross-conformal: the other groups' residuals come from models
that may have seen it). All figures are macro-averages: a group counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.metamodels import _conformal, _design, _link

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

    Row = dict[str, Any]

#: Up to this many groups each is held out alone, beyond it in FOLDS folds.
ALONE = 20
FOLDS = 10
LINEAGE_FOLDS = 5
BUCKETS = {
    "all": (0, np.inf),
    "8-16": (0, 24),
    "32": (24, 48),
    "64-128": (48, 192),
    "256-512": (192, 768),
    ">=1024": (768, np.inf),
}


def predictions(
    name: str,
    features: pd.DataFrame,
    target: ArrayLike,
    groups: ArrayLike,
    lineages: ArrayLike | None = None,
    n_folds: int | None = None,
    sources: ArrayLike | None = None,
) -> Floats:
    """Predict every row by the metamodel ``name`` fitted without its group and lineage.

    Parameters
    ----------
    features : frame (rows, columns)
    target, groups : arrays (rows,)
    lineages : array (rows,), optional
        A second grouping: rows that share the group *or* the lineage with a held-out row
        are left out of its training.
    n_folds : int, optional
        Folds of groups; default: each alone up to 20 groups, else 10.
    sources : array (rows,), optional
        The group that each row was trained on, where that is not the one it is judged on
        (shift): a held-out group is unseen as a source as well.

    Raises
    ------
    InputError
        When a held-out block leaves nothing to train on.
    """
    item = shelf.load("metamodels", name)
    y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
    link = _link.choose(y)
    fold = _link.fold_of(labels, n_folds or _n_folds(labels))
    other = None if lineages is None else _link.fold_of(lineages, LINEAGE_FOLDS)
    answers = np.full(len(y), np.nan)
    folds = dict(zip(labels.tolist(), fold.tolist(), strict=True))
    seen_as_source = fold if sources is None else _folds_of(sources, folds)
    for held, trained in _blocks(fold, other, seen_as_source):
        if not trained.any():
            raise InputError(
                "holding out a group and its lineage leaves nothing to train on",
                "measure at least two dataset groups and two encoder lineages",
            )
        model = item.fit(features[trained], y[trained], labels[trained], link)
        answers[held] = item.predict(model, features[held])
    return answers


def report(
    name: str,
    features: pd.DataFrame,
    target: ArrayLike,
    groups: ArrayLike,
    lineages: ArrayLike | None = None,
    level: float = 0.9,
    predicted: ArrayLike | None = None,
    risks: _conformal.Covariates | None = None,
    settings: ArrayLike | None = None,
) -> list[Row]:
    """Judge a metamodel and its baselines by size of the training sample.

    Parameters
    ----------
    features : frame (rows, columns)
        With ``n_train`` and ``n_eval``; every estimator's column is judged as a baseline.
    level : float
        The promised coverage of the intervals.
    predicted : array (rows,), optional
        Out-of-group predictions, where `predictions` has been run already.
    risks : mapping of name to array (rows,), optional
        Signs of risk for the intervals beside the sizes, such as ``1 - support`` made
        without the row's group (`charz.metamodels._support.held_out`).
    settings : array (rows,), optional
        What kind of row each is (``same``, ``shift``): judged apart, by intervals made for
        all kinds alike.

    Returns
    -------
    list of dict
        One per method, setting and bucket: ``method, setting, bucket, n_rows, n_groups,
        mae, mae_se, bias, r2, coverage, width, level, noise_floor, unit``; errors in accuracy
        points (``unit`` is ``points``) or the metric's own unit; what is undefined is None.
        A baseline is judged on the rows where it is defined, counted in ``n_rows``.
    """
    y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
    if predicted is None:
        predicted = predictions(name, features, y, labels, lineages)
    answers: dict[str, Floats] = {name: np.asarray(predicted, dtype=np.float64)}
    if name != "constant":
        answers["constant"] = predictions("constant", features, y, labels, lineages)
    for estimator in shelf.names("estimators"):
        if estimator in features.columns and _link.choose(y) == "share":
            answers[estimator] = _design.columns(features, [estimator])[:, 0]
    sizes = _sizes(features)
    sizes |= {key: np.asarray(risk, dtype=np.float64) for key, risk in (risks or {}).items()}
    kinds = np.full(len(y), "same") if settings is None else np.asarray(settings)
    rows: list[Row] = []
    for method, answer in answers.items():
        known = np.isfinite(answer)
        judged = {key: column[known] for key, column in sizes.items()}
        if known.any():
            some = (answer[known], y[known], labels[known], judged)
            rows += [
                {"method": method, "level": level, **row}
                for row in _judge(*some, level, kinds[known])
            ]
    return rows


def judged_intervals(
    predicted: Floats,
    truth: Floats,
    groups: ArrayLike,
    covariates: _conformal.Covariates,
    level: float,
) -> Floats:
    """Return ends (rows, 2) of intervals calibrated without the group they are judged on.

    With a single group there is nothing to calibrate on: the ends are NaN.
    """
    labels = np.asarray(groups)
    high = 1.0 if _link.choose(truth) == "share" else np.inf
    columns = {name: np.asarray(column) for name, column in covariates.items()}
    ends = np.full((len(truth), 2), np.nan)
    for group in np.unique(labels):
        held, rest = labels == group, labels != group
        if not rest.any():
            continue
        known = {name: column[rest] for name, column in columns.items()}
        asked = {name: column[held] for name, column in columns.items()}
        fitted = _conformal.calibrate(predicted[rest], truth[rest], labels[rest], known, high=high)
        ends[held] = np.column_stack(_conformal.interval(fitted, predicted[held], asked, level))
    return ends


def _n_folds(groups: ArrayLike) -> int:
    n_groups = len(np.unique(np.asarray(groups)))
    return n_groups if n_groups <= ALONE else FOLDS


def _folds_of(sources: ArrayLike, folds: dict[Any, int]) -> Ints:
    """Return the fold of each row's source group; -1 where no row is judged on it."""
    return np.array([folds.get(label, -1) for label in np.asarray(sources).tolist()])


def _blocks(fold: Ints, other: Ints | None, source: Ints) -> list[tuple[Any, Any]]:
    """Return (held out, trained on) row masks that hold every row out once."""
    if other is None:
        return [(fold == k, (fold != k) & (source != k)) for k in range(fold.max() + 1)]
    pairs = np.unique(np.column_stack([fold, other]), axis=0)
    return [
        ((fold == k) & (other == j), (fold != k) & (source != k) & (other != j)) for k, j in pairs
    ]


def _sizes(features: pd.DataFrame) -> dict[str, Floats]:
    sizes = _design.columns(features, list(_conformal.SIZES))
    for name, column in zip(_conformal.SIZES, sizes.T, strict=True):
        if not np.isfinite(column).all():
            raise InputError(f"the features lack '{name}' in some rows", "give every row's sizes")
    return dict(zip(_conformal.SIZES, sizes.T, strict=True))


def _judge(
    answer: Floats, y: Floats, groups: Any, sizes: dict[str, Floats], level: float, kinds: Any
) -> list[Row]:
    """Return one row per setting and bucket that has any cell."""
    ends = judged_intervals(answer, y, groups, sizes, level)
    rows = []
    for kind in np.unique(kinds).tolist():
        for bucket, (least, most) in BUCKETS.items():
            inside = (kinds == kind) & (sizes["n_train"] >= least) & (sizes["n_train"] < most)
            if inside.any():
                figures = _figures(
                    answer[inside], y[inside], groups[inside], ends[inside], sizes["n_eval"][inside]
                )
                rows.append({"setting": kind, "bucket": bucket, **figures})
    return rows


def _figures(answer: Floats, y: Floats, groups: Any, ends: Floats, n_eval: Floats) -> Row:
    """Return the macro-averaged figures of one method in one bucket."""
    is_share = bool(y.max() <= 1)
    unit = 100.0 if is_share else 1.0
    error = answer - y
    covered = ((ends[:, 0] <= y) & (y <= ends[:, 1])).astype(np.float64)
    by_group = _group_means(
        groups, np.abs(error), error, error**2, covered, ends[:, 1] - ends[:, 0]
    )
    mae, bias, square, coverage, width = by_group.mean(axis=0)
    weights = _link.group_weights(groups)
    variance = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    floor = _group_means(groups, np.sqrt(np.clip(y * (1 - y), 0, None) / n_eval)).mean()
    n_groups = len(by_group)
    spread = by_group[:, 0].std(ddof=1) / np.sqrt(n_groups) if n_groups > 1 else np.nan
    judged = bool(np.isfinite(ends[:, 0]).all())
    return {
        "n_rows": len(y),
        "n_groups": n_groups,
        "unit": "points" if is_share else "metric",
        "mae": _number(unit * mae),
        "mae_se": _number(unit * spread),
        "bias": _number(unit * bias),
        "r2": _number(1 - square / variance) if variance > 0 else None,
        "coverage": _number(coverage) if judged else None,
        "width": _number(unit * width),
        "noise_floor": _number(unit * floor) if is_share else None,
    }


def _group_means(groups: Any, *columns: Floats) -> Floats:
    """Return the mean of every column within every group, (groups, columns)."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = [np.bincount(codes, weights=column) for column in columns]
    return np.column_stack(sums) / sizes[:, None]


def _number(value: float) -> float | None:
    """Return a float that JSON can carry, or None."""
    return float(value) if np.isfinite(value) else None
