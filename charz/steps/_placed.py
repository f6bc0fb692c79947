"""A user's task in the record: what is known of it, and what was measured on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.completion import _choose
from charz.errors import CharzError, InputError, UnknownNameError
from charz.records import Progress, Silence
from charz.steps import _placing, _trial

if TYPE_CHECKING:
    import pandas as pd

    from charz.completion._model import Model
    from charz.records import Floats
    from charz.steps._placing import Asked
    from charz.steps._trial import Measured, Texts
    from charz.store import Store

_DULL = ("train", "test", "data", "labelled", "texts")
"""Names of files that name no dataset: their folder's does."""


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes
    ----------
    texts : Texts or None
        Where there is a file of them.
    facts : dict
        What it is placed by besides scores.
    name : str or None
        What the dataset is called.
    measured : dict
        What was measured of each encoder asked for.
    notes : tuple of str
    """

    texts: Texts | None
    facts: dict[str, Any]
    name: str | None
    measured: dict[Asked, Measured]
    notes: tuple[str, ...]

    @property
    def placed(self) -> dict[str, Measured]:
        """What was measured of encoders of the record, by the record's names."""
        return {each.name: one for each, one in self.measured.items() if each.name is not None}

    @property
    def scores(self) -> dict[str, float]:
        """Accuracies by the record's names."""
        return {name: each.accuracy for name, each in self.placed.items()}

    @property
    def error(self) -> float | None:
        """The usual standard error of a score, None without any."""
        errors = [each.error for each in self.placed.values()]
        return float(np.sqrt(np.mean(np.square(errors)))) if errors else None

    def sizes(self, model: Model) -> Floats:
        """Return the weights of each encoder that was measured, NaN where the record has none."""
        known = model.encoders["n_params"]
        return np.array([known.get(each.name or "", np.nan) for each in self.measured])

    @property
    def described(self) -> pd.DataFrame | None:
        """The facts as a row of the record's, None without any."""
        return _choose.task_facts(self.facts) if self.facts else None


def task(
    store: Store | None,
    model: Model,
    *,
    train: str | None = None,
    eval_: str | None = None,
    measure: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    name: str | None = None,
    level: float = 0.9,
    domain: str = "unknown",
    progress: Progress | None = None,
    **columns: Any,
) -> Task:
    """Read a task's texts and measure the encoders asked for.

    Parameters are those of `charz.steps.recommend.recommend`. An encoder that cannot be used
    is told of in the notes, and the others go on.

    Raises
    ------
    InputError
        When a file cannot be used, or none of the encoders can.
    UnknownNameError
        When an encoder of the record is unknown.
    """
    asked = _placing.parse(measure, model.encoders)
    texts = None if train is None else _trial.read(train, eval_, **columns)
    known = {**(texts.facts if texts else {}), **(facts or {})}
    if known:
        _choose.task_facts(known)  # an unknown one is an error before any text is encoded
    measured: dict[Asked, Measured] = {}
    notes = list(texts.notes) if texts else []
    progress = progress or Silence()
    if asked:
        progress.start("measure", len(asked), "encoders")
    for each in asked:
        try:
            if texts is not None:
                where = "same" if eval_ is None else domain
                measured[each] = _trial.measure(store, texts, each.spec, level, where)
        except CharzError as error:
            if len(asked) == 1:
                raise
            notes.append(f"{each.spec} left out: {error.problem}")
        progress.advance(1, str(each.spec))
    if asked and not measured:
        raise InputError("no encoder could be measured", "; ".join(notes))
    notes += _said(asked, measured)
    return Task(texts, known, name or called(train), measured, tuple(notes))


def _said(asked: Sequence[Asked], measured: Mapping[Asked, Measured]) -> list[str]:
    """Say how each encoder was recognised, and which were not."""
    notes = []
    for each in asked:
        if each not in measured:
            continue
        if each.name is None:
            notes.append(
                f"{each.spec} is none of the record's encoders: measured and listed, but not used "
                f"to place the task (where it is one, write '{each.spec}=NAME')"
            )
        elif each.how not in ("told", "hub id"):
            notes.append(f"{each.spec} is taken for {each.name}, by its {each.how}")
    return notes


def called(train: str | None) -> str | None:
    """Return what a file's dataset is called: its own name or, where that is dull, its folder's.

    >>> called("data/banking77/train.jsonl.gz"), called("reviews.csv")
    ('banking77', 'reviews')
    """
    if train is None:
        return None
    path = Path(train)
    stem = path.name.partition(".")[0]
    return path.parent.name or None if stem.lower() in _DULL else stem


def kept(model: Model, limits: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, int]]:
    """Return which encoders meet all conditions, and how many do not state what one asks.

    Raises
    ------
    UnknownNameError
        When no encoder knows the language.
    InputError
        When none meets them.
    """
    given = {name: value for name, value in limits.items() if value is not None}
    language = given.get("language")
    if language is not None:
        spoken = sorted({code for known in model.encoders["languages"] for code in known})
        if language not in spoken:
            raise UnknownNameError.among("language (ISO 639-3)", language, spoken)
    mask = _choose.keep(model.encoders, **given)
    if not mask.any():
        said = ", ".join(f"{name} {value}" for name, value in given.items())
        raise InputError(f"no encoder of the record meets {said}", "loosen a condition")
    return mask, _choose.unstated(model.encoders, **given)
