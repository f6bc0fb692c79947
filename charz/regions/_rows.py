"""What is known of every eval row: how near labels are, and what the probe makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import Distances, spread
from charz.estimators._head import Answers, answers
from charz.estimators._panel import panel
from charz.estimators.ac_scaled import inverse_temperature, scaled

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

NEIGHBOURS = 10
"""Labelled rows, at most, that are asked about an eval row."""
SHRUNK = 2.0
"""Rows of the sample's own accuracy that are added to what neighbours say."""
MOST_CROWD = 2048
"""Eval rows, at most, among which density is measured."""
LEAST_PROBABILITY = 1e-3
NAMES = (
    "nearest", "tail", "fifth", "density", "confidence", "margin", "votes", "near_right",
    "heads_right", "class_right",
)  # fmt: skip
"""The columns of `Rows.facts`."""


@dataclass(frozen=True)
class Rows:
    """Eval rows as the labelled ones see them.

    Attributes
    ----------
    nearest : float array (n_eval,)
        Distance to the nearest labelled row.
    radius : float
        Within this distance of a labelled row an eval row is covered.
    covered : bool array (n_eval,)
    choice : int array (n_eval,)
        Code of the class that the probe answers.
    right : float array (n_train,)
        Whether the probe answers a labelled row rightly when it has not seen it.
    facts : float array (n_eval, len(NAMES))
    said : float array (n_train + n_eval, n_classes)
        Log probabilities about the row's mean; of labelled rows when the probe has not seen them.
    """

    nearest: Floats
    radius: float
    covered: np.ndarray
    choice: Ints
    right: Floats
    facts: Floats
    said: Floats


def radius(nearest: Floats, quantile: float = 0.95) -> float:
    """Return the order statistic of rank ceil(q n) of distances to the nearest other row.

    Of one labelled row, which has no other, 0: only what equals it is covered.

    >>> radius(np.array([3.0, 1.0, 2.0, math.inf]), 0.5)
    2.0
    """
    finite = np.sort(nearest[np.isfinite(nearest)])
    return float(finite[math.ceil(quantile * len(finite)) - 1]) if len(finite) else 0.0


def describe(sample: Sample, quantile: float = 0.95) -> Rows:
    """Return what is known of the eval rows of a sample of two classes or more.

    >>> from charz.sample import Sample
    >>> X, y = [[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]], [0, 0, 0, 1, 1, 1]
    >>> rows = describe(Sample(X, y, [[1.5], [8.5], [20.0]]))
    >>> rows.covered.tolist(), rows.choice.tolist(), round(rows.radius, 6)
    ([True, True, False], [0, 1, 1], 1.0)
    """
    found = answers(sample)
    assert found is not None  # noqa: S101  (two classes have labelled rows)
    own = np.sqrt(sample.near.nearest.astype(np.float64))
    edge = radius(own, quantile)
    right = found.right.astype(np.float64)
    places, away = _neighbours(sample)
    limit = edge * math.sqrt(1 + sample.eval_distances.tie)
    choice = found.target.argmax(axis=1)
    facts = np.column_stack(
        [
            *_distances(sample, own, away),
            *_answers(sample, found),
            *_said(sample, found, places, choice),
            _heads_right(sample),
            _class_right(sample, found, choice),
        ]
    )
    nearest = away[:, 0]
    return Rows(
        nearest=nearest * sample.unit,
        radius=edge * sample.unit,
        covered=nearest <= limit,
        choice=choice,
        right=right,
        facts=facts,
        said=_log_probabilities(found),
    )


def _log_probabilities(found: Answers) -> Floats:
    """Return ln p of both sides, p held above `LEAST_PROBABILITY`, about the mean of each row."""
    P = np.vstack([found.source, found.target]).astype(np.float64)
    logs = np.log(np.maximum(P, LEAST_PROBABILITY))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def _neighbours(sample: Sample) -> tuple[Ints, Floats]:
    """Return the nearest labelled rows of each eval row and their distances, nearest first."""
    k = min(NEIGHBOURS, sample.n_train)
    places = np.empty((sample.n_eval, k), dtype=np.int64)
    away = np.empty((sample.n_eval, k))
    for rows, block in sample.eval_distances:
        some = np.argpartition(block, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(block, some, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        places[rows] = np.take_along_axis(some, order, axis=1)
        away[rows] = np.sqrt(np.take_along_axis(values, order, axis=1), dtype=np.float64)
    return places, away


def _distances(sample: Sample, own: Floats, away: Floats) -> list[Floats]:
    """Return nearest and fifth distance over the labelled scale, tail share and density."""
    finite = np.sort(own[np.isfinite(own)])
    scale = float(np.median(finite)) if len(finite) else 0.0
    scale = max(scale, 1e-3)
    nearest = np.log(np.maximum(away[:, 0] / scale, 1e-2))
    tail = 1 - np.searchsorted(finite, away[:, 0] * (1 - 1e-6)) / max(len(finite), 1)
    fifth = away[:, min(4, away.shape[1] - 1)]
    return [nearest, tail, np.log(np.maximum(fifth / scale, 1e-2)), _density(sample, fifth)]


def _density(sample: Sample, fifth: Floats) -> Floats:
    """Return ln of the distance to the fifth labelled row over that to the fifth eval row."""
    crowd = sample.eval_points[spread(sample.eval_points.lengths, MOST_CROWD)]
    k = min(6, len(crowd.rows))  # the row itself is among them
    among = np.empty(sample.n_eval)
    for rows, block in Distances(sample.eval_points, crowd, sample.floor):
        among[rows] = np.sqrt(np.partition(block, k - 1, axis=1)[:, k - 1])
    ratio: Floats = np.log(np.maximum(fifth, 1e-3) / np.maximum(among, 1e-3))
    return ratio


def _answers(sample: Sample, found: Answers) -> list[Floats]:
    """Return the scaled confidence and margin of the probe, as log odds bounded by 6."""
    P = np.sort(scaled(found.target, sample.once_labelled(inverse_temperature)), axis=1)
    first, second = P[:, -1], P[:, -2]
    return [_odds(first), _odds(first / np.maximum(first + second, 1e-300))]


def _odds(p: Floats) -> Floats:
    odds: Floats = np.clip(np.log(np.maximum(p, 1e-12) / np.maximum(1 - p, 1e-12)), -6, 6)
    return odds


def _said(sample: Sample, found: Answers, places: Ints, choice: Ints) -> list[Floats]:
    """Return the neighbours' share of the probe's answer, and how often it was right on them."""
    k = places.shape[1]
    votes = (sample.y_train[places] == choice[:, None]).mean(axis=1)
    right = found.right[places].sum(axis=1)
    return [votes, (right + SHRUNK * found.accuracy) / (k + SHRUNK)]


def _heads_right(sample: Sample) -> Floats:
    """Return the probe's out-of-fold accuracy where as many of three other heads side with it."""
    heads = sample.once(panel)
    assert heads is not None  # noqa: S101  (two classes have labelled rows)
    source, target = ((side[1:] == side[0]).sum(axis=0) for side in (heads.source, heads.target))
    right = (heads.source[0] == sample.y_train[heads.rows]).astype(np.float64)
    promised: Floats = _shrunk(source, right, len(heads.source))[target]
    return promised


def _class_right(sample: Sample, found: Answers, choice: Ints) -> Floats:
    """Return the probe's out-of-fold accuracy on labelled rows that it takes for the class."""
    said = found.source.argmax(axis=1)
    promised: Floats = _shrunk(said, found.right.astype(np.float64), sample.n_classes)[choice]
    return promised


def _shrunk(kinds: Ints, right: Floats, n_kinds: int) -> Floats:
    """Return the accuracy of each kind of rows, with `SHRUNK` rows of that of all."""
    counts = np.bincount(kinds, minlength=n_kinds)
    sums = np.bincount(kinds, weights=right, minlength=n_kinds)
    accuracies: Floats = (sums + SHRUNK * right.mean()) / (counts + SHRUNK)
    return accuracies
