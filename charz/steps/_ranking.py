"""Every encoder of the record on one task: what it would reach, at which cost, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.completion import _best, _choose, _gaussian, _model, _scale
from charz.completion._gaussian import Gaussian

if TYPE_CHECKING:
    import pandas as pd

    from charz.completion._model import Model
    from charz.records import Floats
    from charz.steps._trial import Measured

SPREAD = 0.08
"""SD between encoders of what a doubling of the training rows adds, on the probit scale:
``python benchmarks/recommend.py`` measures it in the reference."""
CHARS_PER_TOKEN = 4.0
RATE = 1e11
"""Operations per second where none were measured."""
N_NEAREST = 5
_COLUMNS = ("n_params", "n_dims", "max_tokens")


@dataclass(frozen=True)
class Growth:
    """What the labelled rows add to the protocol's few: a mean and a variance as probits."""

    mean: float
    variance: float


@dataclass(frozen=True)
class Asked:
    """What a ranking goes by.

    Attributes
    ----------
    scores : mapping of encoder name to accuracy
    error : float or None
        Standard error of those.
    facts : DataFrame or None
        One row of facts of the task.
    kept : bool array (encoders,)
        Which encoders may be recommended.
    level : float
    """

    scores: Mapping[str, float]
    error: float | None
    facts: pd.DataFrame | None
    kept: np.ndarray
    level: float = 0.9


def growth(found: Sequence[Measured], n_classes: int, level: float) -> Growth | None:
    """Return what more rows add, from encoders measured under the protocol and forecast.

    The difference of forecast and accuracy is taken on the probit scale. Its variance is that of
    a forecast (the metamodel errs alike on all encoders of a task, so that more encoders do not
    lessen it), and that of encoders: `SPREAD` per doubling, or more where those measured differ
    more.
    """
    from scipy.special import ndtri

    from charz.steps._trial import N_PER_CLASS

    if not found:
        return None
    added = [float(_scale.to_scale(each.value) - _scale.to_scale(each.accuracy)) for each in found]
    width = 2 * float(ndtri((1 + level) / 2))
    sds = [float(_scale.to_scale(each.high) - _scale.to_scale(each.low)) / width for each in found]
    doublings = abs(math.log2(max(found[0].n_own, 2) / (N_PER_CLASS * n_classes)))
    between = max(SPREAD**2 * doublings, float(np.var(added, ddof=1)) if len(added) > 1 else 0.0)
    return Growth(float(np.mean(added)), float(np.mean(np.square(sds))) + between)


def rank(model: Model, asked: Asked, grown: Growth | None) -> pd.DataFrame:
    """Return the encoders that may be recommended, the best first.

    Returns
    -------
    DataFrame
        ``encoder``, ``value``, ``low``, ``high`` (accuracy under the protocol), ``p_best``,
        ``p_near`` (within a point of the best), ``own``, ``own_low``, ``own_high`` (with all
        labelled rows; NaN where nothing was measured), ``measured``, the facts `_COLUMNS`,
        ``license``, ``open``, ``on_front`` and ``why``.
    """
    import pandas as pd

    whole = _model.new_task(model, asked.scores, asked.facts, asked.error)
    places = np.flatnonzero(asked.kept)
    joint, facts = whole.only(places), model.encoders.iloc[places]
    noise = float(np.median(model.noise))
    low, high = _model.interval(joint, noise, asked.level)
    table = pd.DataFrame({"encoder": facts.index.to_numpy()})
    table["value"], table["low"], table["high"] = _scale.to_accuracy(joint.mean), low, high
    table["p_best"], table["p_near"] = _best.p_best(joint), _best.p_within(joint)
    for name, values in _own(joint, noise, asked.level, grown).items():
        table[name] = values
    table["measured"] = [asked.scores.get(name, np.nan) for name in facts.index]
    for name in (*_COLUMNS, "license", "open"):
        table[name] = facts[name].to_numpy()
    table["on_front"] = on_front(table)
    table["why"] = pd.Series(_why(model, asked, joint, places), dtype=object)
    order = ["value", "encoder"]
    return table.sort_values(order, ascending=[False, True], ignore_index=True)


def on_front(table: pd.DataFrame) -> np.ndarray:
    """Return which rows no smaller row beats: of those whose size is known."""
    known = np.isfinite(table["n_params"].to_numpy(dtype=np.float64))
    found = np.zeros(len(table), dtype=bool)
    if known.any():
        found[known] = _choose.front(table["value"][known], table["n_params"][known])
    return found


def _own(joint: Gaussian, noise: float, level: float, grown: Growth | None) -> dict[str, Any]:
    names = ("own", "own_low", "own_high")
    if grown is None:
        return dict.fromkeys(names, np.nan)
    n = len(joint.mean)
    moved = Gaussian(joint.mean + grown.mean, joint.covariance + grown.variance * np.eye(n),
                     joint.freedom)  # fmt: skip
    low, high = _model.interval(moved, noise, level)
    return dict(zip(names, (_scale.to_accuracy(moved.mean), low, high), strict=True))


def _why(model: Model, asked: Asked, joint: Gaussian, places: np.ndarray) -> list[dict[str, float]]:
    """Return for each encoder how far each measured score moved it, in accuracy."""
    from scipy.stats import norm

    if not asked.scores:
        return [{} for _ in places]
    seen = _model.observed(model, "tasks", asked.scores, asked.error)
    moves = _gaussian.influence(_model.prior(model, "tasks", asked.facts), **seen)[:, places]
    moves = moves * norm.pdf(joint.mean)
    names = list(asked.scores)
    return [dict(zip(names, map(float, column), strict=True)) for column in moves.T]


def nearest(model: Model, asked: Asked) -> list[dict[str, Any]]:
    """Return the record's tasks whose scores are most like those expected here."""
    mean = _model.new_task(model, asked.scores, asked.facts, asked.error).mean
    found = _choose.nearest(model, mean, N_NEAREST)
    facts = model.tasks.loc[found["task"]]
    return [
        {"task": task, "distance": float(distance), "n_classes": float(n_classes),
         "languages": list(languages), "domains": list(domains)}
        for task, distance, n_classes, languages, domains in zip(
            found["task"], found["distance"], facts["n_classes"], facts["languages"],
            facts["domains"], strict=True)
    ]  # fmt: skip


def seconds(
    n_params: Floats, mean_chars: float, found: Sequence[Measured], sizes: Floats
) -> Floats:
    """Return the predicted seconds that 1,000 texts take here, NaN of an unknown size.

    Two operations for each weight and token (`charz.completion._plan.seconds`), over the rate at
    which the measured encoders, of ``sizes`` weights, went on this machine.
    """
    speed = rate(found, sizes) or RATE
    return 2 * np.asarray(n_params, dtype=np.float64) * 1000 * mean_chars / CHARS_PER_TOKEN / speed


def rate(found: Sequence[Measured], sizes: Floats) -> float | None:
    """Return operations per second at which encoders of ``sizes`` weights went, None untimed."""
    rates = [
        2 * size * each.n_tokens / each.seconds
        for each, size in zip(found, sizes, strict=True)
        if each.seconds > 0 and each.n_tokens > 0 and np.isfinite(size)
    ]
    return float(np.median(rates)) if rates else None
