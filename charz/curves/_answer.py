"""From a forecast curve to an answer: how many labelled rows reach a target.

The curve is crossed where its value first reaches the target; the ends of the interval are where
the band's upper and lower edge do, so that the answer says what the curve says. Whether it may be
given at all is a question of its own: how probable is it that the true number lies within a
factor of two? Below `SURE` no number is told, but how many rows to label before asking again.

Source: Mahmood et al., How much more data do I need?, CVPR 2022: errors of a score explode when
turned into a number of rows; label in rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.records import TargetAnswer

if TYPE_CHECKING:
    from charz.curves._prior import Prior
    from charz.records import Floats

SURE = 0.6
"""Least probability that the number of rows told is within a factor of two of the truth."""
FAR = 256
"""How many times the labelled rows a forecast looks ahead."""
FEW = 8
"""Rows of the smallest sample that the reference has."""
STEPS = 16
"""Sizes per doubling at which the curve is followed."""


@dataclass(frozen=True)
class Band:
    """A forecast on a fine grid of sizes: value, low and high, none of them falling."""

    sizes: Floats
    value: Floats
    low: Floats
    high: Floats

    def first(self, edge: Floats, target: float) -> int | None:
        """Return the least size at which an edge reaches the target, None where it never does."""
        reached = np.flatnonzero(edge >= target)
        return int(np.ceil(self.sizes[reached[0]] - 1e-9)) if len(reached) else None


def band(prior: Prior, value: Callable[[Floats], Floats], level: float) -> Band:
    """Return the band of a curve from the labelled rows up to `FAR` times as many.

    Parameters
    ----------
    value : callable (sizes) -> values
    level : float in (0, 1)
    """
    n_steps = int(np.log2(FAR)) * STEPS + 1
    return around(prior, value, level, prior.n * 2.0 ** (np.arange(n_steps) / STEPS))


def around(prior: Prior, value: Callable[[Floats], Floats], level: float, sizes: Floats) -> Band:
    """Return the band at ascending sizes; its edges never fall, as true curves hardly do."""
    middle = np.maximum.accumulate(np.clip(value(sizes), 0, 1))
    half = prior.quantile(level) * prior.errors(sizes, middle)
    low = np.maximum.accumulate(np.clip(middle - half, 0, 1))
    high = np.maximum.accumulate(np.clip(middle + half, 0, 1))
    return Band(sizes, middle, np.minimum(low, middle), high)


def answer(
    prior: Prior, value: Callable[[Floats], Floats], target: float, level: float
) -> TargetAnswer:
    """Return how many rows reach ``target``, or why that cannot be said.

    Verdicts: ``reached`` when the whole interval at the sample's own size is at or above the
    target, ``not reachable`` when the interval at `FAR` times as many rows is below it,
    ``needed`` when the number is known to a factor of two with probability `SURE`, else
    ``unknown``, as of any sample of fewer than `FEW` rows.
    """
    found = band(prior, value, level)
    n, far = int(prior.n), float(found.sizes[-1])

    def above(size: float, rows: float | None = None) -> float:
        """Return the probability that the true curve is at or above the target at a size."""
        at = np.array([min(max(size, prior.n), far)])
        middle = np.interp(np.log(at), np.log(found.sizes), found.value)
        error = prior.errors(at, middle, rows)
        return prior.beyond(float((target - middle[0]) / error[0]))

    ends = {
        "n": found.first(found.value, target),
        "n_low": found.first(found.high, target),
        "n_high": found.first(found.low, target),
    }
    is_enough = prior.n >= FEW
    if is_enough and found.low[0] >= target:
        return TargetAnswer(target, "reached", n, n, n)
    if is_enough and found.high[-1] < target:
        return TargetAnswer(target, "not reachable")

    def sure(rows: float | None = None) -> float:
        if ends["n"] is None:
            return 0.0
        return above(2 * ends["n"], rows) - (
            above(ends["n"] / 2, rows) if ends["n"] / 2 > prior.n else 0.0
        )

    if is_enough and sure() >= SURE:
        return TargetAnswer(target, "needed", sure=sure(), **ends)
    if not is_enough:
        return TargetAnswer(target, "unknown", more=FEW - n, sure=0.0, **ends)
    more = next((k for k in (2, 4, 8, 16) if sure(k * prior.n) >= SURE), 2)
    return TargetAnswer(target, "unknown", more=(more - 1) * n, sure=sure(), **ends)
