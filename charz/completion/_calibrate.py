"""How much wider intervals must be, learned on lines whose groups were held out.

For a line of which q cells were measured, every other cell i that has a truth y_i says how wide
its interval had to be to hold it:

    f_i = sqrt(max(((y_i - m_i) / t)^2 - v_i, 0)) / s_i

with m and s the mean and standard deviation given the measured cells, v the variance of a
measurement and t the quantile of the promised level. The width for q is the quantile of all f at
that level, every group counting the same: conformal calibration over groups (Dunn, Wasserman and
Ramdas 2023), for each axis and each q of `STEPS`; between them it is interpolated in
log(1 + q). How the q cells were chosen matters: those that a plan takes tell less of the others
than as many at random. The width is that of the way which asks for most.

Examples
--------
>>> truth, error = np.full(4, 0.5), np.zeros(4)
>>> prior = _gaussian.Gaussian(np.ones(4), 0.01 * np.eye(4))
>>> lines = [Line(f"g{n}", prior, truth, error) for n in range(10)]
>>> bool(widths(lines)[0] > 5)
True
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _gaussian, _plan, _scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from charz.completion._gaussian import Gaussian
    from charz.records import Floats, Ints

STEPS = (0, 1, 3, 5, 10, 30)
"""Measured cells for which a width is learned."""
LEVEL = 0.9
N_ORDERS = 2
RANDOM = "random"
MOST_PLANNED = 10
"""Cells up to which a plan is followed; beyond, only random ones are looked at."""
LEAST = 1.0
"""No width is smaller: a few dozen groups do not prove that a model is too careful."""
LEAST_LINES = 10
"""With fewer held-out lines nothing is learned: every width is 1."""


@dataclass(frozen=True)
class Line:
    """A new line whose group was held out: what is believed and what is true.

    Attributes
    ----------
    group : str
    prior : Gaussian over n places
    truth, error : arrays (n,)
        Accuracies and their standard errors, NaN where not measured.
    """

    group: str
    prior: Gaussian
    truth: Floats
    error: Floats

    @property
    def known(self) -> Ints:
        """Places that have a truth."""
        return np.flatnonzero(np.isfinite(self.truth))

    def after(self, places: Ints) -> Gaussian:
        """Return what is believed once some places were measured."""
        y, seen = _scale.to_scale(self.truth[places]), self.truth[places]
        noise = (self.error[places] * _scale.slope(seen)) ** 2
        return _gaussian.condition(self.prior, places, y, noise)


def needed(joint: Gaussian, truth: Floats, error: Floats, level: float = LEVEL) -> Floats:
    """Return the width that each place's interval needs to hold its truth, (n,)."""
    from scipy.special import stdtrit

    t = float(stdtrit(joint.freedom, (1 + level) / 2))
    own = error * _scale.slope(_scale.to_accuracy(joint.mean))
    miss = (_scale.to_scale(truth) - joint.mean) / t
    return np.asarray(np.sqrt(np.maximum(miss**2 - own**2, 0)) / np.maximum(joint.sd, 1e-9))


def planned(line: Line, goal: str, n: int) -> Ints:
    """Return the first n places that a plan would measure, each knowing what came before, (n,).

    One place at least is left.
    """
    places: list[int] = []
    allowed = np.zeros(len(line.truth), dtype=bool)
    allowed[line.known] = True
    noise = (line.error * _scale.slope(np.nan_to_num(line.truth, nan=0.5))) ** 2
    usual = np.full(len(line.truth), np.nanmedian(noise))
    for _ in range(min(n, len(line.known) - 1)):
        joint = line.after(np.array(places, dtype=np.intp))
        places.append(_plan.following(joint, usual, allowed=allowed, goal=goal).place)
        allowed[places[-1]] = False
    return np.array(places, dtype=np.intp)


def widths(lines: Sequence[Line], goals: Sequence[str] = (), level: float = LEVEL) -> Floats:
    """Return the width for each of `STEPS`, (steps,); 1 where there are too few lines.

    ``goals`` are those of plans that may have chosen the measured cells (`charz.completion._plan`).
    """
    return pooled([line.group for line in lines], [needs(line, goals, level) for line in lines],
                  level)  # fmt: skip


def needs(line: Line, goals: Sequence[str] = (), level: float = LEVEL) -> dict[str, list[Floats]]:
    """Return what a line's other cells need for each of `STEPS`, by the way of choosing cells."""
    orders = [np.random.default_rng([order, len(line.known)]).permutation(line.known)
              for order in range(N_ORDERS)]  # fmt: skip
    found = {RANDOM: [_needs(line, orders[: N_ORDERS if q else 1], q, level) for q in STEPS]}
    for goal in goals:
        order = planned(line, goal, MOST_PLANNED)
        found[goal] = [_needs(line, [order], q, level) if 0 < q <= MOST_PLANNED else np.empty(0)
                       for q in STEPS]  # fmt: skip
    return found


def _needs(line: Line, orders: Sequence[Ints], q: int, level: float) -> Floats:
    """Return the needed widths of all cells but the first q of each order."""
    scores = [np.empty(0)]
    for order in orders:
        rest = np.setdiff1d(line.known, order[:q])
        scores.append(needed(line.after(order[:q]), line.truth, line.error, level)[rest])
    return np.concatenate(scores)


def pooled(
    groups: Sequence[str], found: Sequence[dict[str, list[Floats]]], level: float = LEVEL
) -> Floats:
    """Return the width for each of `STEPS` from what lines of some groups needed, (steps,)."""
    if len(groups) < LEAST_LINES:
        return np.ones(len(STEPS))
    ways = [[_over_groups(groups, [each[way][step] for each in found], level)
             for step in range(len(STEPS))] for way in found[0]]  # fmt: skip
    return np.asarray(np.maximum(np.max(ways, axis=0), LEAST))


def _over_groups(groups: Sequence[str], values: Sequence[Floats], level: float) -> float:
    sizes = Counter(groups)
    weights = [np.full(len(each), 1 / (max(len(each), 1) * sizes[group]))
               for group, each in zip(groups, values, strict=True)]  # fmt: skip
    return quantile(np.concatenate(values), np.concatenate(weights), level)


def quantile(values: Floats, weights: Floats, level: float) -> float:
    """Return the least value with a share of ``level`` of the weight at or below it; 1 of none.

    >>> quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0]), 0.9)
    2.0
    """
    if not len(values):
        return 1.0
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, level - 1e-9)])


def width(learned: Floats, n_measured: int) -> float:
    """Return the width for a number of measured cells, of those of `STEPS`.

    >>> round(width(np.array([2.0, 1.0, 1.0, 1.0, 1.0, 1.0]), 1), 3)
    1.0
    """
    steps = np.log1p(STEPS)
    return float(np.interp(np.log1p(n_measured), steps, learned))
