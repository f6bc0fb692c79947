"""Facts of tasks and encoders as numbers: the side information of completion.

Sizes enter as logarithms, standardised, and their squares beside them; a fact that is a name or
a set of names (language, domain, organisation, lineage) as one column for each name that stands
often enough to be learned from. What is unknown is zero, the middle of what is known.

Examples
--------
>>> from charz.completion._record import TASKS, blank
>>> tasks = blank(TASKS, ["a", "b", "c"]).assign(n_classes=[2, 4, 8])
>>> fitted = fit(tasks, "tasks")
>>> encode(fitted, tasks).shape[0]
3
>>> bool(abs(encode(fitted, tasks).mean(axis=0)[1]) < 1e-12)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

NUMBERS = {
    "tasks": ("n_classes", "mean_chars", "n_per_class", "n_languages"),
    "encoders": ("n_params", "n_dims", "max_tokens", "released", "n_languages"),
}
LINEAR = ("released",)
TAGS = {
    "tasks": {"domains": 1.0, "languages": 1.5},
    "encoders": {"languages": 0.5, "organisation": 1.0, "lineage": 1.0},
}
"""Names that become columns, and how large a column is: the smaller, the more it is shrunk."""
FLAGS = {"tasks": (), "encoders": ("open", "prompted")}
MOST = {"domains": 14, "languages": 25, "organisation": 40, "lineage": 40}
LEAST = 2
CLIP = 3.0


def fit(facts: pd.DataFrame, axis: str) -> Arrays:
    """Return what is needed to encode facts of one axis: centres, spreads and vocabularies."""
    numbers = _numbers(facts, axis)
    known = np.isfinite(numbers)
    n = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, numbers, 0).sum(axis=0) / n
    spread = np.sqrt((np.where(known, numbers - centre, 0) ** 2).sum(axis=0) / n)
    fitted = {
        "axis": np.array(axis),
        "centre": centre,
        "spread": np.where(spread > 1e-9, spread, 1.0),
    }
    for tag in TAGS[axis]:
        fitted[f"tags.{tag}"] = np.array(_vocabulary(facts, tag), dtype=np.str_)
    return fitted


def encode(fitted: Arrays, facts: pd.DataFrame) -> Floats:
    """Return features (rows, features); the first is the constant 1."""
    axis = str(fitted["axis"])
    Z = (_numbers(facts, axis) - fitted["centre"]) / fitted["spread"]
    Z = np.clip(np.nan_to_num(Z, nan=0.0), -CLIP, CLIP)
    square = np.where(Z == 0, 0.0, Z**2 - 1)
    columns = [np.ones((len(facts), 1)), Z, square]
    for flag in FLAGS[axis]:
        given = facts[flag] if flag in facts else [None] * len(facts)
        columns.append(np.array([[_sign(value)] for value in given]))
    for tag, size in TAGS[axis].items():
        words = fitted[f"tags.{tag}"].tolist()
        sets = [set(_names(value)) for value in facts[tag]]
        rows = [[size * (word in has) for word in words] for has in sets]
        columns.append(np.array(rows, dtype=np.float64).reshape(len(facts), len(words)))
    return np.hstack(columns)


def middle(fitted: Arrays) -> Floats:
    """Return the features (features,) of something of which no fact is known."""
    from charz.completion._record import ENCODERS, TASKS, blank

    columns = TASKS if str(fitted["axis"]) == "tasks" else ENCODERS
    return np.asarray(encode(fitted, blank(columns, [""]))[0], dtype=np.float64)


def _numbers(facts: pd.DataFrame, axis: str) -> Floats:
    columns = []
    for name in NUMBERS[axis]:
        if name == "n_languages":
            values = np.array([len(each) or np.nan for each in facts["languages"]], dtype=float)
        else:
            values = facts[name].to_numpy(dtype=np.float64, na_value=np.nan)
        positive = np.where(values > 0, values, np.nan)
        columns.append(positive if name in LINEAR else np.log(positive))
    return np.column_stack(columns)


def _vocabulary(facts: pd.DataFrame, tag: str) -> list[str]:
    counts: dict[str, int] = {}
    for value in facts[tag]:
        for name in set(_names(value)):
            counts[name] = counts.get(name, 0) + 1
    often = sorted((-n, name) for name, n in counts.items() if n >= LEAST)
    return [name for _, name in often[: MOST[tag]]]


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, tuple | list | set | frozenset) else ()


def _sign(value: object) -> float:
    return 1.0 if value is True or value == 1 else -1.0 if value is False or value == 0 else 0.0
