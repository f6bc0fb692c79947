"""Public names: what leaves this machine must say nothing of its folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from charz.errors import InputError
from charz.records import EncoderSpec

_URL = re.compile(r"\bhttps?://\S*")
_PATH = re.compile(
    r"""(?:^|(?<=[\s'"(=:,;\[{]))(?:~?/|\.{1,2}/|[A-Za-z]:[\\/]|\\\\)(?=\S)|(?<!:)//(?=\S)|\bfile:|^~"""
)
_WITHIN = {"random": "st/"}
"""What a control's name says before the name of the checkpoint that it is made like."""
_OF_OTHERS = {("dataset", "classes")}
"""What the data's makers wrote: a label may begin with a slash."""


def encoder(row: Mapping[str, Any], public: Mapping[str, str]) -> dict[str, Any]:
    """Return an encoder's row under the name that others know it by.

    Parameters
    ----------
    row : mapping
        With ``spec`` and ``name``.
    public : mapping
        Public names by local ones: the folder as the spec has it, or its last part.

    Raises
    ------
    InputError
        When the name is a place on this machine and no public one is given.

    Examples
    --------
    >>> row = {"spec": "st:/data/mini?layer=3", "name": "/data/mini"}
    >>> encoder(row, {"mini": "org/mini"})
    {'spec': 'st:org/mini?layer=3', 'name': 'org/mini'}
    """
    spec = EncoderSpec.parse(row["spec"])
    before = _WITHIN.get(spec.kind, "")
    before = before if spec.name.startswith(before) else ""
    local = spec.name.removeprefix(before)
    name = public.get(local) or public.get(PurePath(local).name, local)
    if is_path(name) or ("/" in name and Path(name).exists()):
        raise InputError(
            f"the encoder '{spec}' is named by a folder of this machine",
            f"give it a public name with --public '{PurePath(name).name}=ORG/MODEL'",
        )
    if name == local:
        return dict(row)
    name = before + name
    return dict(row) | {"spec": str(replace(spec, name=name)), "name": name}


def is_path(text: str) -> bool:
    """Return whether a text holds what looks like a path of a machine.

    >>> [is_path(text) for text in ("org/model", "/data/model", "see ./x", "https://a.b/c")]
    [False, True, True, False]
    """
    return bool(_PATH.search(_URL.sub("", text)))


def refuse_paths(table: str, row: Mapping[str, Any]) -> None:
    """Refuse a row that holds a path, at whatever depth.

    Raises
    ------
    InputError
        Naming the table, the column and the text.
    """
    for column, value in row.items():
        if (table, column) in _OF_OTHERS:
            continue
        for text in _texts(value):
            if is_path(text):
                raise InputError(
                    f"{table}.{column} holds what looks like a path of this machine: '{text:.80}'",
                    "change it there: published figures name no folder",
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (*_texts(key), *_texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
