"""A fitted completion model with all that its answers need, as named arrays.

Examples
--------
>>> from charz.completion._record import of_scores
>>> scores = {"a": {"s": 0.5, "t": 0.6}, "b": {"s": 0.6, "t": 0.7}, "c": {"s": 0.7, "t": 0.8}}
>>> model = fit(of_scores(scores), item="additive")
>>> after = new_task(model, {"a": 0.7})
>>> [round(float(value), 2) for value in _scale.to_accuracy(after.mean)]
[0.67, 0.76, 0.84]
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import charz
from charz import shelf
from charz.completion import _calibrate, _facts, _gaussian, _grid, _record, _scale
from charz.errors import InputError, UnknownNameError, check_share
from charz.metamodels._parts import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from charz.completion._gaussian import Gaussian
    from charz.completion._record import Record
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

FORMAT = 2
DEFAULT = "mixture"
LARGE = 10_000
"""Entries above which an array is kept in single precision."""
WIDER = 1.15
"""The width where none was learned from what was held out."""


@dataclass(frozen=True)
class Model:
    """A completion model ready to answer.

    Attributes
    ----------
    item : str
        Its name on the completion shelf.
    fingerprint : str
        SHA-256 of the cells that it learned from.
    n_cells : int
    encoders, tasks : frames of facts
        What the record knew, by name; see `charz.completion._record.Record`.
    facts : dict of dicts of arrays
        What encodes the facts of each axis.
    noise : array (tasks,)
        The usual standard error of a cell of each task, as an accuracy.
    arrays : dict of arrays
        The item's own.
    widths : dict of arrays
        For each axis what standard deviations are multiplied by, as `charz.completion._calibrate`
        learned it; empty where nothing was held out to learn it from.
    version : str
        Of charz, that fitted it.
    """

    item: str
    fingerprint: str
    n_cells: int
    encoders: pd.DataFrame
    tasks: pd.DataFrame
    facts: dict[str, Arrays]
    noise: Floats
    arrays: Arrays
    widths: dict[str, Floats] = field(default_factory=dict)
    version: str = charz.__version__


def fit(record: Record, item: str = DEFAULT) -> Model:
    """Fit an item of the shelf on a record; `charz.completion._held_out.fit` learns widths too.

    Raises
    ------
    UnknownNameError
        When the shelf has no such item.
    InputError
        When the record has no cell.
    """
    facts = _grid.encoders_of_facts(record)
    grid = _grid.of_record(record, facts)
    error = np.where(np.isfinite(grid.Y), _grid.errors(record).to_numpy(), np.nan)
    usual = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any()
                      else _grid.UNKNOWN_SD for row in error])  # fmt: skip
    arrays = shelf.load("completion", item).fit(grid)
    return Model(item, record.fingerprint, record.n_cells, record.encoders, record.tasks, facts,
                 usual, arrays)  # fmt: skip


def prior(model: Model, axis: str, facts: pd.DataFrame | None = None) -> Gaussian:
    """Return the distribution of a new task's or encoder's scores, of one row of facts or none."""
    encoder = model.facts[axis]
    x = _facts.middle(encoder) if facts is None else _facts.encode(encoder, facts)[0]
    found: Gaussian = shelf.load("completion", model.item).prior(model.arrays, axis, x)
    return found


def new_task(
    model: Model,
    scores: Mapping[str, float],
    facts: pd.DataFrame | None = None,
    error: float | None = None,
) -> Gaussian:
    """Return the joint distribution over the model's encoders of a task, given some accuracies.

    ``error`` is the standard error of each accuracy given: by default the median of the tasks'.
    """
    return _given(model, "tasks", scores, facts, error)


def new_encoder(
    model: Model,
    scores: Mapping[str, float],
    facts: pd.DataFrame | None = None,
    error: float | None = None,
) -> Gaussian:
    """Return the joint distribution over the model's tasks of an encoder, given some accuracies."""
    return _given(model, "encoders", scores, facts, error)


def observed(model: Model, axis: str, scores: Mapping[str, float], error: float | None) -> Arrays:
    """Return ``places``, ``y`` and ``noise`` (q,) of accuracies given by name.

    Raises
    ------
    UnknownNameError
        When the model does not know a name; the nearest are suggested.
    InputError
        When an accuracy lies outside [0, 1].
    """
    names = (model.encoders if axis == "tasks" else model.tasks).index
    what = "encoder" if axis == "tasks" else "task"
    for name, value in scores.items():
        if name not in names:
            raise UnknownNameError.among(what, name, names)
        if not 0 <= float(value) <= 1:
            raise InputError(f"the accuracy {value} of '{name}' lies outside [0, 1]",
                             "give shares, 0.85 for 85%")  # fmt: skip
    places = names.get_indexer(pd.Index(list(scores), dtype=object))
    values = np.array([float(value) for value in scores.values()])
    own = model.noise[places] if axis == "encoders" else np.median(model.noise)
    errors = np.broadcast_to(own if error is None else error, values.shape)
    noise = (errors * _scale.slope(values)) ** 2
    return {"places": places, "y": _scale.to_scale(values), "noise": noise}


def _given(
    model: Model,
    axis: str,
    scores: Mapping[str, float],
    facts: pd.DataFrame | None,
    error: float | None,
) -> Gaussian:
    seen = observed(model, axis, scores, error)
    joint = _gaussian.condition(prior(model, axis, facts), **seen)
    return widened(model, axis, joint, len(scores))


def widened(model: Model, axis: str, joint: Gaussian, n_measured: int) -> Gaussian:
    """Return what is believed after some measurements, as wide as held-out lines asked for."""
    if axis not in model.widths:
        return joint.wider(WIDER)
    return joint.wider(_calibrate.width(model.widths[axis], n_measured))


def interval(joint: Gaussian, noise: Floats | float, level: float) -> tuple[Floats, Floats]:
    """Return lower and upper ends (n,), as accuracies, of what a measurement would say.

    Parameters
    ----------
    joint : Gaussian
    noise : array (n,) or float
        Standard error of the measurement, as an accuracy.
    level : float
        In (0, 1).

    Raises
    ------
    InputError
        When the level is not inside (0, 1).
    """
    from scipy.special import stdtrit

    check_share(level)
    own = noise * _scale.slope(_scale.to_accuracy(joint.mean))
    half = float(stdtrit(joint.freedom, (1 + level) / 2)) * np.hypot(joint.sd, own)
    return _scale.to_accuracy(joint.mean - half), _scale.to_accuracy(joint.mean + half)


def to_bytes(model: Model) -> bytes:
    """Return the model as the bytes of an ``.npz`` without pickle."""
    about: dict[str, Any] = {"format": FORMAT, "item": model.item, "n_cells": model.n_cells}
    about |= {"fingerprint": model.fingerprint, "version": model.version}
    arrays = {"about": np.array(json.dumps(about, sort_keys=True)), "noise": model.noise}
    for axis in _grid.AXES:
        frame = getattr(model, axis)
        arrays[axis] = np.array(frame.reset_index(names="name").to_json(orient="split"))
        arrays |= {f"facts/{axis}/{name}": each for name, each in model.facts[axis].items()}
    arrays |= {f"widths/{axis}": each for axis, each in model.widths.items()}
    arrays |= {f"arrays/{name}": _single(each) for name, each in model.arrays.items()}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> Model:
    """Read what `to_bytes` wrote.

    Raises
    ------
    InputError
        When the model is of another format.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"])) if "about" in arrays else {}
    if about.pop("format", None) != FORMAT:
        raise InputError("this completion model has another format", "fit it again")
    return Model(
        item=about["item"],
        fingerprint=about["fingerprint"],
        n_cells=about["n_cells"],
        encoders=_frame(str(arrays["encoders"])),
        tasks=_frame(str(arrays["tasks"])),
        facts={axis: part(arrays, f"facts/{axis}/") for axis in _grid.AXES},
        noise=arrays["noise"],
        arrays=part(arrays, "arrays/"),
        widths=part(arrays, "widths/"),
        version=about["version"],
    )


def _single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype == np.float64 and array.size > LARGE else array


def _frame(text: str) -> pd.DataFrame:
    given = json.loads(text)
    frame = pd.DataFrame(given["data"], columns=given["columns"]).set_index("name")
    for column in frame.columns.intersection(list(_record.LISTS)):
        frame[column] = [tuple(each) for each in frame[column]]
    return frame
