"""Learning the map from samples whose eval labels are known, groups of datasets held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.regions import _map, _seen
from charz.regions._map import Map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from charz.records import Floats
    from charz.regions._seen import Seen

PENALTY = 30.0
STEPS = 8
FOLDS = 8
LEAST_ROWS = 5
"""Eval rows that a region has to have to be learned from."""


@dataclass(frozen=True)
class Case:
    """A sample with the truth.

    ``right`` tells of every eval row whether the probe was right, (n_eval,); ``group`` is the
    group of datasets that the eval rows are of, ``others`` all groups that have rows in it.
    """

    seen: Seen
    right: np.ndarray
    group: str
    others: frozenset[str]


def learn(cases: Sequence[Case], columns: Sequence[str] = _seen.COLUMNS) -> Map:
    """Learn a map, and from maps that had not seen a group how far it is off.

    Parameters
    ----------
    cases : sequence of Case
        Of two groups or more.
    columns : sequence of str
        The columns that it may know.
    """
    groups = sorted({case.group for case in cases})
    expected: dict[int, Floats] = {}
    for fold in range(min(FOLDS, len(groups))):
        held = set(groups[fold :: min(FOLDS, len(groups))])
        some = fit([case for case in cases if not case.others & held], columns)
        for place, case in enumerate(cases):
            if case.group in held:
                expected[place] = regions(some, case.seen)
    whole = fit(cases, columns)
    return calibrate(whole, cases, [expected[place] for place in range(len(cases))])


def regions(given: Map, seen: Seen) -> Floats:
    """Return the expected accuracy of every region, NaN where it has no eval row."""
    p = _map.probabilities(given, _seen.columns(seen))
    return _map.means(p, seen.eval_region, seen.n_regions)


def fit(cases: Sequence[Case], columns: Sequence[str] = _seen.COLUMNS) -> Map:
    """Fit the logistic regression; every group weighs the same, and every sample in it.

    By Newton's method on the mean log loss with a ridge of `PENALTY` rows.
    """
    places = [_seen.COLUMNS.index(name) for name in columns]
    X = np.vstack([_seen.columns(case.seen)[:, places] for case in cases])
    y = np.concatenate([case.right for case in cases]).astype(np.float64)
    w = _weights(cases)
    center = w @ X
    scale = np.sqrt(w @ (X - center) ** 2)
    scale[scale < 1e-9] = 1.0
    Z = np.clip((X - center) / scale, -_map.HELD, _map.HELD)
    Z = np.column_stack([Z, np.ones(len(Z))])
    ridge = np.full(Z.shape[1], PENALTY / len(Z))
    ridge[-1] = 0.0
    b = np.zeros(Z.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(Z @ b, -30, 30)))
        slope = Z.T @ (w * (y - p)) - ridge * b
        bend = (Z * (w * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ Z + np.diag(ridge)
        b = b + np.linalg.solve(bend, slope)
    none: tuple[float, ...] = ()
    return Map(
        tuple(columns), _floats(center), _floats(scale), _floats(b[:-1]), float(b[-1]),
        (0.0,) * 5, none, none,
    )  # fmt: skip


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _weights(cases: Sequence[Case]) -> Floats:
    """Return weights of all eval rows that sum to 1."""
    names = [case.group for case in cases]
    shares = [1 / names.count(case.group) / len(case.right) for case in cases]
    weights = np.repeat(shares, [len(case.right) for case in cases])
    found: Floats = weights / weights.sum()
    return found


def calibrate(given: Map, cases: Sequence[Case], expected: Sequence[Floats]) -> Map:
    """Return the map with the sizes of its errors, from answers that had not seen a case's group.

    What the squared errors have above the chance of finitely many rows is fitted by r, by least
    squares with coefficients of zero and more.
    """
    from scipy.optimize import nnls

    r, errors, answers, sizes, groups = _errors(cases, expected)
    own = errors**2 - answers * (1 - answers) / sizes
    weight = np.sqrt(np.minimum(sizes, 100))
    risk = nnls(r * weight[:, None], own * weight)[0]
    scores = np.abs(errors) / _map.size(risk, answers, sizes, r)
    order = np.argsort(scores, kind="stable")
    known, counts = np.unique(groups, return_counts=True)
    each = 1 / counts[np.searchsorted(known, groups)] / (len(known) + 1)
    kept = _thinned(scores[order], each[order])
    return replace(given, risk=_floats(risk), scores=_floats(kept[0]), weights=_floats(kept[1]))


def _errors(cases: Sequence[Case], expected: Sequence[Floats]) -> list[NDArray[Any]]:
    """Return r, error, answer, rows and group of every region of at least `LEAST_ROWS` rows."""
    parts = []
    for case, answer in zip(cases, expected, strict=True):
        k = case.seen.n_regions
        n = np.bincount(case.seen.eval_region, minlength=k).astype(float)
        truth = _map.means(case.right.astype(float), case.seen.eval_region, k)
        r = _map.risks(answer, case.seen)
        some = n >= LEAST_ROWS
        names = np.full(int(some.sum()), case.group)
        clipped = np.clip(answer[some], 0.02, 0.98)
        parts.append((r[some], (truth - answer)[some], clipped, n[some], names))
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _thinned(scores: Floats, weights: Floats, most: int = 400) -> tuple[Floats, Floats]:
    """Return at most ``most`` steps of the distribution, none of them below it."""
    ends = np.unique(np.linspace(0, len(scores) - 1, min(most, len(scores))).round().astype(int))
    reached = np.cumsum(weights)[ends]
    return scores[ends], np.diff(reached, prepend=0.0)
