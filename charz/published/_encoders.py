"""Encoders: what is known of those that have results, and which base model they descend from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from charz.encoders._card import Card, lineage
from charz.published import _tables, _values

if TYPE_CHECKING:
    import pandas as pd

_HUB = re.compile(r"^https?://huggingface\.co/")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Model:
    """A published encoder; a fact that nobody states is None, a list empty.

    ``lineage`` is the base model at the root of what it was adapted from, called as those of
    local encoders are; ``saw`` are the datasets that it was trained on.
    """

    name: str
    lineage: str
    revision: str | None = None
    released: str | None = None
    n_parameters: int | None = None
    n_dims: int | None = None
    max_tokens: int | None = None
    license: str | None = None
    is_open: bool | None = None
    adapted_from: str | None = None
    uses_instructions: bool | None = None
    languages: list[str] = field(default_factory=list)
    saw: list[str] = field(default_factory=list)


def models(
    names: Iterable[str], facts: pd.DataFrame | None, cards: Mapping[str, Mapping[str, Any]]
) -> dict[str, Model]:
    """Return the facts of encoders by name.

    Parameters
    ----------
    names : iterable of str
    facts : DataFrame, optional
        One row per encoder; also of those that others were adapted from.
    cards : mapping
        ``model_meta.json`` by encoder: serves where ``facts`` says nothing.
    """
    rows: dict[str, Mapping[str, Any]] = {}
    if facts is not None:
        rows = {str(row["name"]): row for row in _tables.rows(facts)}
    every = {**cards, **rows}
    parents = {name: _parent(row) for name, row in every.items()}
    return {name: _model(name, every.get(name, {}), parents) for name in names}


def _model(name: str, row: Mapping[str, Any], parents: Mapping[str, str | None]) -> Model:
    day = _DAY.match(str(row.get("release_date")))
    return Model(
        name=name,
        lineage=lineage(root(name, parents), Card(), {}),
        revision=_values.text(row.get("revision")),
        released=day[0] if day else None,
        n_parameters=_values.whole(row.get("n_parameters")),
        n_dims=_values.whole(row.get("embed_dim")),
        max_tokens=_values.whole(row.get("max_tokens")),
        license=_values.text(row.get("license")),
        is_open=_values.boolean(row.get("open_weights")),
        adapted_from=parents.get(name),
        uses_instructions=_values.boolean(row.get("use_instructions")),
        languages=_values.texts(row.get("languages")),
        # A name of one letter is a name that was taken apart.
        saw=[each for each in _values.texts(row.get("training_datasets")) if len(each) > 1],
    )


def root(name: str, parents: Mapping[str, str | None]) -> str:
    """Return the first of an encoder's ancestors; a circle ends where it closes.

    >>> root("c", {"c": "b", "b": "a"})
    'a'
    """
    seen = [name]
    while (parent := parents.get(seen[-1])) and parent not in seen:
        seen.append(parent)
    return seen[-1]


def _parent(row: Mapping[str, Any]) -> str | None:
    """Return what an encoder was adapted from: the first, where there are several."""
    stated = row.get("adapted_from")
    listed = _values.texts(stated)
    name = listed[0] if listed else _values.text(stated)
    return _HUB.sub("", name) if name else None
