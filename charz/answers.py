"""The frozen records of what more rows bring, and of how two probes differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CurvePoint:
    """The expected metric with ``n`` labelled rows, and its interval."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TargetAnswer:
    """How many labelled rows reach a target.

    ``verdict`` is ``reached`` (already), ``needed`` (``n`` rows), ``not reachable`` (with this
    encoder), or ``unknown``: then ``more`` rows should be labelled before asking again. ``n`` is
    the number that is most probably within a factor of two of the true one, and ``sure`` that
    probability, or of ``reached`` that it is; ``n_low`` to ``n_high`` is where the edges of the
    forecast's interval reach the target, None where one never does.
    """

    target: float
    verdict: str
    n: int | None = None
    n_low: int | None = None
    n_high: int | None = None
    more: int | None = None
    sure: float | None = None


@dataclass(frozen=True)
class LearningCurve:
    """What a labelled sample says of larger ones.

    ``points`` are forecasts, the sample's own size first; ``measured`` the scores inside the
    sample by rows trained on. ``baselines`` hold a value per point by name: ``last``, every
    family of curves and their median. ``mdl`` is the labels' code length in bits per row;
    ``esc`` the least rows at which the expected log-loss is half of the labels' entropy, by a
    power law, None where it is beyond what is looked at.
    """

    metric: str
    level: float
    n_train: int
    points: tuple[CurvePoint, ...]
    answer: TargetAnswer | None
    measured: Mapping[int, float]
    baselines: Mapping[str, tuple[float, ...]]
    support: float
    mdl: float
    esc: int | None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Two probes on the same rows.

    ``difference`` is the accuracy of the first less that of the second, with its paired interval;
    ``only_first`` and ``only_second`` the shares of rows that one alone gets right; ``p_value``
    that of McNemar's mid-p test. ``n_needed`` eval labels would tell a difference of this size
    with probability ``power``, ``n_low`` to ``n_high`` within the interval; None for a
    difference, or an end, of nought.
    """

    names: tuple[str, str]
    accuracies: tuple[float, float]
    difference: float
    low: float
    high: float
    level: float
    p_value: float
    only_first: float
    only_second: float
    n_train: int
    n_eval: int
    source: str
    power: float
    n_needed: int | None
    n_low: int | None
    n_high: int | None
    provenance: Mapping[str, Any] = field(default_factory=dict)
