"""Judging a metamodel on groups it has not seen, beside the baselines it must beat.

Every row is predicted by a model fitted without its dataset group - and, where lineages are
given, without any row of its encoder lineage. Intervals are judged by a calibration that
left the judged group out (cross-conformal: the other groups' residuals come from models
that may have seen it). All figures are macro-averages: a group counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.metamodels import _conformal, _design, _intervals, _judging, _link

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

    Row = dict[str, Any]

#: Up to this many groups each is held out alone, beyond it in FOLDS folds.
ALONE = 20
FOLDS = 5
LINEAGE_FOLDS = 4
#: What can be held out: dataset groups, encoder lineages, or both together.
HOLD_OUTS = ("groups", "lineages", "both")


@dataclass(frozen=True)
class Blocks:
    """Pairs of row masks (held out, trained on) that hold every row out once."""

    pairs: tuple[tuple[Any, Any], ...]

    def answers(
        self,
        name: str,
        features: pd.DataFrame,
        target: ArrayLike,
        groups: ArrayLike,
        workers: int = 1,
    ) -> Floats:
        """Predict every held-out row by the metamodel ``name``, (rows,).

        Parameters
        ----------
        workers : int
            Processes that fit blocks side by side; the answers are the same.
        """
        (answers,) = self.several(name, features, target, groups, [features], workers)
        return np.asarray(answers)

    def several(
        self,
        name: str,
        features: pd.DataFrame,
        target: ArrayLike,
        groups: ArrayLike,
        asked: Sequence[pd.DataFrame],
        workers: int = 1,
    ) -> Floats:
        """Predict every held-out row once of each frame, (frames, rows), by one fit a block.

        Parameters
        ----------
        asked : sequence of frames (rows, columns)
            What is said of the rows when they are held out, such as with and without a hint.
        """
        import joblib

        y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
        link = _link.choose(y)
        do = joblib.delayed(_answer)
        jobs = (
            do(
                name, features[trained], y[trained], labels[trained], link,
                [frame[held] for frame in asked],
            )
            for held, trained in self.pairs
        )  # fmt: skip
        answers = np.full((len(asked), len(y)), np.nan)
        # A worker is one process of one thread: trees on a few thousand rows gain from no more.
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            found = joblib.Parallel(n_jobs=workers, return_as="generator")(jobs)
            for (held, _), answer in zip(self.pairs, found, strict=True):
                answers[:, held] = answer
        return answers


def blocks(
    groups: ArrayLike,
    lineages: ArrayLike | None,
    sources: ArrayLike | None = None,
    hold_out: str = "both",
    n_folds: int | None = None,
) -> Blocks:
    """Return what to hold out: whole groups, whole lineages, or both together.

    Parameters
    ----------
    groups : array (rows,)
    lineages : array (rows,), optional
        Without them only groups are held out.
    sources : array (rows,), optional
        The group that each row was trained on; see `predictions`.
    hold_out : {"groups", "lineages", "both"}
    n_folds : int, optional
        Folds of groups; default: each alone up to 20 groups, else 5.

    Raises
    ------
    InputError
        When a held-out block leaves nothing to train on.

    Examples
    --------
    >>> [(int(h.sum()), int(t.sum())) for h, t in blocks(list("aabb"), list("xyxy")).pairs]
    [(1, 1), (1, 1), (1, 1), (1, 1)]
    >>> [int(h.sum()) for h, _ in blocks(list("aabb"), list("xyxy"), hold_out="groups").pairs]
    [2, 2]
    """
    labels = np.asarray(groups)
    other = None if lineages is None else _link.fold_of(lineages, LINEAGE_FOLDS)
    if hold_out == "lineages" and other is not None:
        pairs = [(other == j, other != j) for j in range(other.max() + 1)]
    else:
        fold = _link.fold_of(labels, n_folds or _n_folds(labels))
        folds = dict(zip(labels.tolist(), fold.tolist(), strict=True))
        seen = fold if sources is None else _folds_of(sources, folds)
        pairs = _blocks(fold, other if hold_out == "both" else None, seen)
    if not all(trained.any() for _, trained in pairs):
        raise InputError(
            "holding out a group and its lineage leaves nothing to train on",
            "measure at least two dataset groups and two encoder lineages",
        )
    return Blocks(tuple(pairs))


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
        Folds of groups; default: each alone up to 20 groups, else 5.
    sources : array (rows,), optional
        The group that each row was trained on, where that is not the one it is judged on
        (shift): a held-out group is unseen as a source as well.

    Raises
    ------
    InputError
        When a held-out block leaves nothing to train on.
    """
    found = blocks(groups, lineages, sources, n_folds=n_folds)
    return found.answers(name, features, target, groups)


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
    metric: str = "accuracy",
    told: ArrayLike | None = None,
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
    metric : str
        What the target is: it decides which columns are baselines.
    told : array (rows,), optional
        Out-of-group predictions where each row's setting was told: a method of its own,
        `told_name`.

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
    if told is not None:
        answers[told_name(name)] = np.asarray(told, dtype=np.float64)
    if name != "constant":
        answers["constant"] = predictions("constant", features, y, labels, lineages)
    for guess, column in _design.guesses(metric, features).items():
        answers[guess] = _design.columns(features, [column])[:, 0]
    known_sizes = sizes(features)
    signs = {key: np.asarray(risk, dtype=np.float64) for key, risk in (risks or {}).items()}
    kinds = np.full(len(y), "same") if settings is None else np.asarray(settings)
    rows: list[Row] = []
    for method, answer in answers.items():
        known = np.isfinite(answer)
        judged = {key: column[known] for key, column in (known_sizes | signs).items()}
        if known.any():
            some = (answer[known], y[known], labels[known], judged)
            rows += [
                {"method": method, "level": level, **row}
                for row in _judge(*some, level, kinds[known], method == told_name(name))
            ]
    return rows


def judged_intervals(
    predicted: Floats,
    truth: Floats,
    groups: ArrayLike,
    covariates: _conformal.Covariates,
    level: float,
    apart: ArrayLike | None = None,
    is_shift: ArrayLike | None = None,
    is_told: bool = False,
) -> Floats:
    """Return ends (rows, 2) of intervals calibrated without the group they are judged on.

    With a single group there is nothing to calibrate on: the ends are NaN.

    Parameters
    ----------
    apart : array (rows,), optional
        What the calibration must not have seen instead of the group: encoder lineages.
    is_shift : array (rows,), optional
        Kinds that are calibrated apart; see `charz.metamodels._intervals`.
    is_told : bool
        Whether the kind of a row is told, as it was to the predictions; else it is guessed.
    """
    labels = np.asarray(groups)
    units = labels if apart is None else np.asarray(apart)
    high = 1.0 if _link.choose(truth) == "share" else np.inf
    shift = np.zeros(len(truth), bool) if is_shift is None else np.asarray(is_shift, bool)
    columns = {name: np.asarray(column) for name, column in covariates.items()}
    ends = np.full((len(truth), 2), np.nan)
    for unit in np.unique(units):
        held, rest = units == unit, units != unit
        if not rest.any():
            continue
        known = {name: column[rest] for name, column in columns.items()}
        asked = {name: column[held] for name, column in columns.items()}
        seen = (predicted[rest], truth[rest], labels[rest])
        fitted = _intervals.fit(*seen, known, shift[rest], high)
        told = shift[held] if is_told else None
        found = _intervals.interval(fitted, predicted[held], asked, level, told)
        ends[held] = np.column_stack(found)
    return ends


def told_name(name: str) -> str:
    """Return what a metamodel is called where it is told each row's setting.

    >>> told_name("mixture")
    'mixture_told'
    """
    return f"{name}_told"


def sizes(features: pd.DataFrame) -> dict[str, Floats]:
    """Return the columns that every interval depends on, by name.

    Raises
    ------
    InputError
        When a row lacks one.
    """
    found = _design.columns(features, list(_conformal.SIZES))
    for name, column in zip(_conformal.SIZES, found.T, strict=True):
        if not np.isfinite(column).all():
            raise InputError(f"the features lack '{name}' in some rows", "give every row's sizes")
    return dict(zip(_conformal.SIZES, found.T, strict=True))


def _answer(
    name: str,
    features: pd.DataFrame,
    y: Floats,
    groups: Any,
    link: str,
    asked: Sequence[pd.DataFrame],
) -> Floats:
    """Return the answers of one fit to several frames, (frames, rows)."""
    item = shelf.load("metamodels", name)
    model = item.fit(features, y, groups, link)
    return np.stack([item.predict(model, frame) for frame in asked])


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


def _judge(
    answer: Floats,
    y: Floats,
    groups: Any,
    sizes: dict[str, Floats],
    level: float,
    kinds: Any,
    is_told: bool,
) -> list[Row]:
    """Return one row per setting and bucket that has any cell."""
    shift = kinds == "shift"
    ends = judged_intervals(answer, y, groups, sizes, level, is_shift=shift, is_told=is_told)
    columns = (answer, y, groups, ends, sizes["n_eval"])
    return [
        part | _judging.figures(*(column[inside] for column in columns))
        for part, inside in _judging.parts(kinds, sizes["n_train"])
    ]
