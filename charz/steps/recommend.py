"""Recommend: every encoder of the public record on a task of one's own, the best first.

Reads files of texts, or facts of the task; measures the encoders asked for under the protocol
``mteb`` and completes the rest (`charz.completion`). Given a registry, forecasts are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError, check_share
from charz.records import Progress
from charz.steps import _models, _placed, _ranking, _suspects

if TYPE_CHECKING:
    import pandas as pd

    from charz.completion._model import Model
    from charz.steps._placed import Task
    from charz.store import Store

TOP = 20
_NEAR = 3
"""Tasks of the record that count as near: who trained on one is warned of."""


@dataclass(frozen=True)
class Recommendation:
    """What was found for one task.

    Attributes
    ----------
    task : dict
        ``name``, ``n_labelled`` and the facts that it was placed by.
    encoders : list of dict
        The best first, see `COLUMNS`.
    measured : list of dict
        What was run here: ``spec``, ``encoder`` (of the record, or None), ``accuracy``, ``error``,
        ``own``, ``own_low``, ``own_high`` and ``seconds`` per 1,000 texts.
    nearest : list of dict
        Tasks of the record: ``task``, ``distance`` and facts.
    left_out : dict
        How many encoders do not state what a condition asks, by condition.
    n_kept : int
        How many meet all conditions; ``encoders`` has the first of them.
    notes : tuple of str
        What the reader should be warned of.
    table : DataFrame
        All that are kept.
    """

    task: dict[str, Any]
    encoders: list[dict[str, Any]]
    measured: list[dict[str, Any]]
    nearest: list[dict[str, Any]]
    left_out: dict[str, int]
    n_kept: int
    notes: tuple[str, ...]
    table: pd.DataFrame = field(repr=False)


COLUMNS = (
    "encoder", "value", "low", "high", "p_best", "p_near", "own", "own_low", "own_high", "n_params",
    "seconds", "on_front", "warning", "measured", "n_dims", "max_tokens", "license", "open",
    "trained_on", "why",
)  # fmt: skip
"""Of each encoder: accuracy under the protocol with its interval, the probabilities of being the
best and of being within a point of it, accuracy with all labelled rows, size, seconds per 1,000
texts, whether none is as good and smaller, signs of training on the task, and how far each
measured encoder moved it."""


def recommend(
    store: Store | None = None,
    *,
    train: str | None = None,
    eval: str | None = None,  # noqa: A002 - the option's name
    measure: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    name: str | None = None,
    limits: Mapping[str, Any] | None = None,
    top: int = TOP,
    level: float = 0.9,
    domain: str = "unknown",
    record: str = "best",
    progress: Progress | None = None,
    **columns: Any,
) -> Recommendation:
    """Rank all encoders of the public record on a task.

    Parameters
    ----------
    store : Store, optional
        Keeps forecasts and vectors; without one, vectors are kept in the data home.
    train : str, optional
        A file of labelled texts; else ``facts`` say what the task is.
    eval : str, optional
        Texts of the domain of use. Labelled, encoders are tested on them; else on labelled rows
        that are held out.
    measure : sequence of str
        What to measure: ``SPEC``, or ``SPEC=NAME`` where it is the record's encoder NAME.
    facts : mapping, optional
        ``n_classes``, ``languages``, ``domains``, ``mean_chars``, ``n_per_class``: these win over
        what the file says.
    name : str, optional
        The dataset's name or hub id, to find encoders that trained on it; default: the file's.
    limits : mapping, optional
        Conditions, those of `charz.completion._choose.keep`.
    top : int
        How many encoders, from 1 up.
    level : float in (0, 1)
        Coverage of the intervals.
    domain : {"unknown", "same", "other"}
        Where the eval rows come from; see `charz.predict_performance`.
    record : {"best", "own", "shipped"}
        See `charz.steps._models.model`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding`` of the files.

    Raises
    ------
    InputError
        When there is nothing to go by, a file cannot be used, or no encoder meets the conditions.
    UnknownNameError
        When a fact, a language or an encoder of the record is unknown.

    Examples
    --------
    >>> found = recommend(facts={"n_classes": 5}, limits={"max_params": 50e6}, top=3)
    >>> len(found.encoders), found.n_kept > 3
    (3, True)
    """
    _check(train, eval, measure, facts, top, level)
    model = _models.model(store, record)
    kept, left_out = _placed.kept(model, limits or {})
    task = _placed.task(
        store, model, train=train, eval_=eval, measure=measure, facts=facts, name=name,
        level=level, domain=domain, progress=progress, **columns,
    )  # fmt: skip
    asked = _ranking.Asked(task.scores, task.error, task.described, kept, level)
    nearest = _ranking.nearest(model, asked)
    table = _table(model, asked, task, [each["task"] for each in nearest[:_NEAR]])
    return Recommendation(
        task={"name": task.name, "n_labelled": _n_labelled(task), **task.facts},
        encoders=[_row(row) for row in table.head(top).to_dict("records")],
        measured=_measured(task),
        nearest=nearest,
        left_out=left_out,
        n_kept=len(table),
        notes=(*task.notes, *_notes(model, task)),
        table=table,
    )


def _check(
    train: str | None,
    eval_: str | None,
    measure: Sequence[str],
    facts: Mapping[str, Any] | None,
    top: int,
    level: float,
) -> None:
    if train is None and not facts:
        raise InputError("there is nothing to go by", "give labelled texts, or facts of the task")
    if train is None and (eval_ is not None or measure):
        raise InputError("there are no labelled texts to measure on", "give them with --train")
    check_share(level)
    if top < 1:
        raise InputError(f"top = {top} shows nothing", "give a number from 1 up")


def _n_labelled(task: Task) -> int | None:
    return None if task.texts is None else task.texts.n_labelled


def _table(model: Model, asked: _ranking.Asked, task: Task, near: Sequence[str]) -> pd.DataFrame:
    """Return the ranking with costs and warnings; what was measured has its own forecast."""
    found = [*task.measured.values()]
    n_classes = int(task.facts.get("n_classes") or 2)
    table = _ranking.rank(model, asked, _ranking.growth(found, n_classes, asked.level))
    own = {name: (each.value, each.low, each.high) for name, each in task.placed.items()}
    for place, name in enumerate(table["encoder"]):
        if name in own:
            table.loc[place, ["own", "own_low", "own_high"]] = own[name]
    said = _suspects.warnings(model.encoders.loc[table["encoder"]], task.name, near)
    for column in ("warning", "trained_on"):
        table[column] = [each[column] for each in said]
    usual = float(np.nanmedian(model.tasks["mean_chars"]))
    mean_chars = float(task.facts.get("mean_chars") or usual)
    n_params = table["n_params"].to_numpy(dtype=np.float64)
    table["seconds"] = _ranking.seconds(n_params, mean_chars, found, task.sizes(model))
    return table[list(COLUMNS)]


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row without what nobody knows."""
    return {
        str(name): None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }


def _measured(task: Task) -> list[dict[str, Any]]:
    return [
        {
            "spec": each.spec, "encoder": asked.name, "accuracy": each.accuracy,
            "error": each.error, "own": each.value, "own_low": each.low, "own_high": each.high,
            "seconds": 1000 * each.seconds / each.n_texts,
        }
        for asked, each in task.measured.items()
    ]  # fmt: skip


def _notes(model: Model, task: Task) -> list[str]:
    notes = []
    if not task.scores:
        notes.append("placed by facts alone: a rough order; measure three encoders (--measure)")
    elif len(task.scores) < 3:
        notes.append(f"placed by {len(task.scores)} measured: three place a task much better")
    own = _suspects.key(task.name or "")
    same = [name for name in model.tasks.index if own and _suspects.key(name) == own]
    if same:
        shown = ", ".join(same[:_NEAR]) + (" ..." if len(same) > _NEAR else "")
        notes.append(f"the record has results of a task of this name: {shown}")
    return notes
