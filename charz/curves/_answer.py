"""From a forecast curve to an answer: how many labelled rows reach a target.

The ends of the interval are where the band's upper and lower edge first reach the target, so that
the answer says what the curve says. The number between them is the one that most probably lies
within a factor of two of the true one; as errors are wide, that is not quite where the value
crosses. Below a probability of `SURE` no number is told, but how many rows to label before
asking again.

Source: Mahmood et al., How much more data do I need?, CVPR 2022: errors of a score explode when
turned into a number of rows; label in rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.answers import TargetAnswer

if TYPE_CHECKING:
    from charz.curves._prior import Prior
    from charz.records import Floats

SURE = 0.2
"""Least probability that the number of rows told is within a factor of two of the truth."""
NEVER = 0.025
"""Most probability that `FAR` times the rows reach a target that is called not reachable."""
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

    Verdicts: ``reached`` when the score at the sample's own size is at or above the target more
    probably than not, ``not reachable`` when the interval at `FAR` times as many rows is below
    it and so is the score with all but a probability of `NEVER`, ``needed`` when a number, that of
    which it is the greatest, is within a factor of two with probability `SURE`. Else ``unknown``,
    as of any sample of fewer than `FEW` rows.
    """
    found = band(prior, value, level)
    n = int(prior.n)
    low, high = found.first(found.high, target), found.first(found.low, target)
    if n < FEW:
        n_told = found.first(found.value, target)
        return TargetAnswer(target, "unknown", n_told, low, high, more=FEW - n, sure=0.0)
    reached = chances(prior, found, target)
    if found.high[-1] < target and reached[-1] <= NEVER:
        return TargetAnswer(target, "not reachable")
    if reached[0] >= 0.5:
        return TargetAnswer(target, "reached", n, n, high, sure=float(reached[0]))
    n_told, sure = likeliest(found, reached)
    low = n_told if low is None else min(n_told, low)
    high = None if high is None else max(n_told, high)
    if sure >= SURE:
        return TargetAnswer(target, "needed", n_told, low, high, sure=sure)

    def is_enough(share: int) -> bool:
        return likeliest(found, chances(prior, found, target, share * prior.n))[1] >= SURE

    more = next((share for share in (2, 4, 8, 16) if is_enough(share)), 2)
    return TargetAnswer(target, "unknown", n_told, low, high, (more - 1) * n, sure)


def chances(prior: Prior, found: Band, target: float, rows: float | None = None) -> Floats:
    """Return the probability that the true curve is at or above the target, (sizes,).

    Parameters
    ----------
    rows : float, optional
        As of a sample of so many rows with the same curve.
    """
    error = prior.errors(found.sizes, found.value, rows)
    return np.maximum.accumulate(prior.beyond((target - found.value) / error))


def likeliest(found: Band, reached: Floats) -> tuple[int, float]:
    """Return the number that is most probably within a factor of two, and how probable that is.

    What is reached with fewer rows than there are counts as reached with these.
    """
    place = np.arange(len(reached))
    above = reached[np.minimum(place + STEPS, place[-1])]
    below = np.where(place > STEPS, reached[np.maximum(place - STEPS - 1, 0)], 0.0)
    best = int(np.argmax(np.round(above - below, 9)))
    return int(np.ceil(found.sizes[best] - 1e-9)), float((above - below)[best])
