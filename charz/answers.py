"""What the questions of one who brings rows of their own are answered with.

Frozen dataclasses, like those of `charz.records`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from charz.records import Floats, Ints


@dataclass(frozen=True)
class Forecast:
    """A predicted metric with its interval, baselines and provenance.

    ``value``, ``low``, ``high`` and ``baselines`` are in the metric's units (accuracy in
    [0, 1]); ``support`` in [0, 1] says how like the measured world the sample is (1: well
    inside it, 0: unlike all that was measured).
    """

    metric: str
    value: float
    low: float
    high: float
    level: float
    baselines: Mapping[str, float]
    support: float
    n_train: int
    n_eval: int
    at: int | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Gain:
    """What further labels are expected to add to a probe's accuracy, in points.

    ``value`` is the mean over what could be drawn, ``low`` and ``high`` an interval for it that
    promises the coverage ``level`` on a new dataset group; from ``n_from`` labels to ``n_to``.
    """

    value: float
    low: float
    high: float
    level: float
    n_from: int
    n_to: int


@dataclass(frozen=True)
class Suggestion:
    """A row of a pool to label next: ``rank`` 1 is the first; ``reason`` is in words."""

    row: int
    rank: int
    strategy: str
    reason: str


@dataclass(frozen=True)
class Advice:
    """What to label next, and whether it is still worth it.

    Attributes
    ----------
    suggestions : tuple of Suggestion
        The best first; fewer than asked for where the pool has no more different rows.
    strategy : str
        What was asked for, and what ``auto`` came to.
    why : str
        Why this strategy, in words.
    n_labelled, n_classes, n_left : int
        Rows with a label, classes among them, different rows without.
    outlook : tuple of Gain
        Of these suggestions, of twice, four times ... as many, and of all that is left; empty
        until eight rows of two classes are labelled.
    stop : bool
        Whether nothing is left, or ``rest`` not likely to be what was asked for.
    """

    suggestions: tuple[Suggestion, ...]
    strategy: str
    why: str
    n_labelled: int
    n_classes: int
    n_left: int
    outlook: tuple[Gain, ...] = ()
    stop: bool = False

    @property
    def gain(self) -> Gain | None:
        """Of these suggestions."""
        return self.outlook[0] if self.outlook else None

    @property
    def rest(self) -> Gain | None:
        """Of labelling all that is left."""
        return self.outlook[-1] if self.outlook else None


@dataclass(frozen=True)
class Region:
    """A part of the space that eval and labelled rows share: a cluster of both.

    Attributes
    ----------
    number : int
        From 1, the region with the most eval rows first.
    name : str
        Its distinctive words; empty without texts or where no word is.
    status : str
        ``empty``: no labelled row lies in it; ``thin``: less than half of its eval rows are
        covered, or its labelled rows are fewer than half of what its share of eval rows asks for;
        ``covered``; ``unasked``: no eval row lies in it.
    n_eval, n_train : int
    covered : float
        Share of its eval rows that are covered, in [0, 1].
    nearest : float
        Median distance of its eval rows to the nearest labelled row, over the radius.
    accuracy, low, high : float
        What the probe is expected to score on its eval rows, with the interval, in [0, 1].
    error : float
        1 - accuracy.
    labels : mapping of str to int
        Labelled rows of each class in it.
    examples : tuple of str
        Texts of eval rows, of uncovered ones first, the nearest to the region's middle first.
    """

    number: int
    name: str
    status: str
    n_eval: int
    n_train: int
    covered: float
    nearest: float
    accuracy: float
    low: float
    high: float
    error: float
    labels: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassCoverage:
    """Labelled rows of a class, eval rows that the probe takes for it, and their covered share."""

    label: str
    n_train: int
    n_eval: int
    covered: float


@dataclass(frozen=True)
class Plane:
    """Rows in the two main axes of their space, for a picture.

    ``train`` (n_train, 2), ``eval`` (n_eval, 2), ``regions`` int (n_eval,), numbers as in
    `Region`, ``covered`` bool (n_eval,).
    """

    train: Floats
    eval: Floats
    regions: Ints
    covered: NDArray[np.bool_]

    def middle(self, number: int) -> tuple[float, float]:
        """Return the place of a region's eval row that is nearest to the median of them."""
        rows = self.eval[self.regions == number]
        middle = sorted(rows[:, 0])[len(rows) // 2], sorted(rows[:, 1])[len(rows) // 2]
        away = ((rows - middle) ** 2).sum(axis=1)
        x, y = rows[away.argmin()]
        return float(x), float(y)


@dataclass(frozen=True)
class Coverage:
    """How much of a domain labelled rows cover, where they do not, and what that costs.

    Attributes
    ----------
    covered : float
        Share of eval rows within ``radius`` of a labelled row, in [0, 1].
    radius : float
        The distance to the nearest other labelled row that 95% of labelled rows keep within.
    n_train, n_eval : int
    level : float
        Coverage that the intervals promise.
    accuracy : float
        What the probe is expected to score on all eval rows: the regions' mean.
    classes : tuple of ClassCoverage
    regions : tuple of Region
        The largest expected error first, those that no eval row lies in last.
    shift : mapping of str to float
        ``domain_auc``, ``mmd`` and ``prior_shift``, as the features say; NaN where not defined.
    notes : tuple of str
        What to know before these numbers are used.
    plane : Plane, optional
    """

    covered: float
    radius: float
    n_train: int
    n_eval: int
    level: float
    accuracy: float
    classes: tuple[ClassCoverage, ...]
    regions: tuple[Region, ...]
    shift: Mapping[str, float]
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    plane: Plane | None = field(default=None, repr=False, compare=False)


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
