"""Which encoders may have been trained on a task: names that their training data goes by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from charz.published import _groups

if TYPE_CHECKING:
    import pandas as pd

_SUBSET = re.compile(r"\[.*\]$")
_SHORTEST = 3
_PREFIX = "mteb/"


def key(name: str) -> str:
    """Return what the names of one dataset have in common.

    >>> key("mteb/Banking77Classification/en"), key("PolyAI/banking77"), key("Emotion.v2[default]")
    ('banking77', 'banking77', 'emotion')
    """
    name = _SUBSET.sub("", name.strip())
    if name.startswith(_PREFIX):
        name = name.removeprefix(_PREFIX).partition("/")[0]
    found = _groups.stem(name.rpartition("/")[2])
    return re.sub(r"[\W_]", "", found).lower()


def trained_on(encoders: pd.DataFrame, names: Iterable[str]) -> list[list[str]]:
    """Return for each encoder those of its training datasets that go by one of the names."""
    wanted = {found for found in map(key, names) if len(found) >= _SHORTEST}
    return [
        [each for each in stated if key(each) in wanted] for stated in encoders["training_datasets"]
    ]


def warnings(encoders: pd.DataFrame, own: str | None, near: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``warning`` and ``trained_on`` of each encoder.

    ``warning`` is ``this task`` where its training datasets name the task itself, ``near task``
    where they name one of the nearest of the record, ``unknown`` where none are stated, else None.
    """
    of_own = trained_on(encoders, [own] if own else [])
    of_near = trained_on(encoders, near)
    found = []
    for stated, same, close in zip(encoders["training_datasets"], of_own, of_near, strict=True):
        said = "this task" if same else "near task" if close else None if stated else "unknown"
        found.append({"warning": said, "trained_on": sorted({*same, *close})})
    return found
