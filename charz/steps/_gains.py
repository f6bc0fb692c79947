"""What it helped to pool training rows in a label family: measured, and expected elsewhere."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from charz.pending import Statement
from charz.schema import Dataset, Probe, Result, Split, Subset
from charz.store import Store

PROBE = "logistic"
LEAST_GROUPS = 5
"""Groups of targets that a forecast needs, to be held out one at a time."""


@dataclass(frozen=True, order=True)
class _Key:
    target: str
    group: str
    source: str
    source_group: str
    n_train: int
    n_added: int


@dataclass(frozen=True)
class Gain:
    """The mean gain of a source for a target at one size.

    ``draws`` are the gains by seed, accuracies with the source's rows less without, on the
    largest eval subset.
    """

    target: str
    group: str
    source: str
    source_group: str
    n_train: int
    n_added: int
    draws: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the draws."""
        return sum(self.draws) / len(self.draws)


@dataclass(frozen=True)
class Estimate:
    """A gain with its interval; NaN where it is unknown."""

    gain: float = math.nan
    low: float = math.nan
    high: float = math.nan


def measured(store: Store, encoder_id: int, family: str) -> list[Gain]:
    """Return the gains in a label family under an encoder, by target, source and size."""
    draws: dict[_Key, dict[int, tuple[int, float]]] = defaultdict(dict)
    for row in store.rows(_pairs(encoder_id, family)):
        key = _Key(row["target"], row["group_name"], row["source"], row["source_group"],
                   row["n_train"], row["n_pooled"] - row["n_train"])  # fmt: skip
        before = draws[key].get(row["seed"], (0, 0.0))
        found = (row["n_eval"], row["pooled"] - row["alone"])
        draws[key][row["seed"]] = found if found[0] > before[0] else before
    return [
        Gain(**vars(key), draws=tuple(gain for _, (_, gain) in sorted(by_seed.items())))
        for key, by_seed in sorted(draws.items())
    ]


def _pairs(encoder_id: int, family: str) -> Statement:
    """Return each result on pooled rows beside the one on its base."""
    train, base, source_split = aliased(Subset), aliased(Subset), aliased(Split)
    target, source = aliased(Dataset), aliased(Dataset)
    pooled, alone = aliased(Result), aliased(Result)
    same_cell = sa.and_(
        alone.encoder_id == pooled.encoder_id,
        alone.train_subset_id == base.id,
        alone.eval_subset_id == pooled.eval_subset_id,
        alone.probe_id == pooled.probe_id,
    )
    return (
        sa.select(
            target.name.label("target"), target.group_name, source.name.label("source"),
            source.group_name.label("source_group"), base.n_rows.label("n_train"),
            train.n_rows.label("n_pooled"), train.seed, pooled.n_eval,
            pooled.accuracy.label("pooled"), alone.accuracy.label("alone"),
        )
        .join_from(train, base, base.id == train.base_id)
        .join(target, target.id == train.labels_of_id)
        .join(source_split, source_split.id == train.split_id)
        .join(source, source.id == source_split.dataset_id)
        .join(pooled, pooled.train_subset_id == train.id)
        .join(alone, same_cell)
        .join(Probe, Probe.id == pooled.probe_id)
        .where(pooled.encoder_id == encoder_id, target.label_family == family)
        .where(Probe.spec == PROBE)
    )  # fmt: skip


def of_measured(gain: Gain, gains: Sequence[Gain], level: float) -> Estimate:
    """Return a measured gain with an interval for other draws of the training rows.

    The variance between draws is that of all pairs at this size together: two draws of one
    pair would say little about it.
    """
    spread = [
        (sum((draw - each.mean) ** 2 for draw in each.draws), len(each.draws) - 1)
        for each in gains
        if each.n_train == gain.n_train and len(each.draws) > 1
    ]
    if not spread:
        return Estimate(gain.mean)
    variance = sum(square for square, _ in spread) / sum(n for _, n in spread)
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance / len(gain.draws))
    return Estimate(gain.mean, gain.mean - half, gain.mean + half)


def expected(
    gains: Sequence[Gain],
    alignments: Mapping[tuple[str, str], float],
    alignment: float,
    n_train: int,
    level: float,
) -> Estimate:
    """Return what a source can be expected to bring a target of a group not measured.

    The value is on the line of least squares through the gains at this size over the
    alignments of their tasks, by (target, source); the interval adds the errors that such a
    line makes on each group of targets, held out, in the order of split conformal prediction.
    Unknown with fewer than `LEAST_GROUPS` groups, or without an alignment.
    """
    here = [
        each
        for each in gains
        if each.n_train == n_train
        and not math.isnan(alignments.get((each.target, each.source), math.nan))
    ]
    groups = {each.group for each in here}
    if len(groups) < LEAST_GROUPS or math.isnan(alignment):
        return Estimate()
    errors = []
    for group in groups:
        line = _line([each for each in here if each.group != group], alignments)
        errors += [
            abs(each.mean - float(line(alignments[each.target, each.source])))
            for each in here
            if each.group == group
        ]
    known = np.sort(errors)
    rank = min(math.ceil((len(known) + 1) * level), len(known)) - 1
    value, half = float(_line(here, alignments)(alignment)), float(known[rank])
    return Estimate(value, value - half, value + half)


def _line(
    gains: Sequence[Gain], alignments: Mapping[tuple[str, str], float]
) -> Callable[[float], float]:
    """Fit gain = a + b alignment; flat where all alignments are the same."""
    x = np.array([alignments[each.target, each.source] for each in gains])
    y = np.array([each.mean for each in gains])
    centred, mean = x - x.mean(), float(y.mean())
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread if spread > 1e-12 else 0.0
    return lambda alignment: mean + slope * (alignment - float(x.mean()))
