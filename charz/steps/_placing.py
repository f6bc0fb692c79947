"""Which encoder of the record a local one is: by its hub id, its folder's files, or as told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charz import shelf
from charz.errors import InputError, UnknownNameError
from charz.records import EncoderSpec

if TYPE_CHECKING:
    import pandas as pd

SAME = ("backend", "dtype", "pair")
"""Options that change how an encoder is run, not which one it is."""
KINDS = ("st", "static")
CLOSE = 0.1
"""How far the number of weights may be off, relative to what the record states."""
_CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)/snapshots/")
_USED = re.compile(r"SentenceTransformer\(\s*['\"]([\w./-]+)['\"]")
_HEADING = re.compile(r"^# +([\w.-]+(?:/[\w.-]+)?)\s*$", re.MULTILINE)
_LONGEST = 200_000


@dataclass(frozen=True)
class Asked:
    """An encoder to measure: its spec, and the record's name for it where it has one.

    ``how`` says by what it was recognised: ``told``, ``hub id``, ``card`` or ``folder name``.
    """

    spec: EncoderSpec
    name: str | None = None
    how: str | None = None


def parse(texts: Sequence[str], encoders: pd.DataFrame) -> list[Asked]:
    """Return what ``SPEC`` or ``SPEC=NAME`` ask for, each spec once.

    Parameters
    ----------
    texts : sequence of str
    encoders : DataFrame
        Facts of the record's encoders by name.

    Raises
    ------
    InputError
        When a text is no spec, or two specs stand for one encoder of the record.
    UnknownNameError
        When the record has no encoder of a name that was told.
    """
    found: dict[str, Asked] = {}
    for text in texts:
        asked = _asked(text, encoders)
        found.setdefault(str(asked.spec), asked)
    taken: dict[str, str] = {}
    for spec, asked in found.items():
        if asked.name is not None and taken.setdefault(asked.name, spec) != spec:
            raise InputError(
                f"'{taken[asked.name]}' and '{spec}' are both '{asked.name}' of the record",
                "measure one of them, or say which encoders they are with SPEC=NAME",
            )
    return list(found.values())


def _asked(text: str, encoders: pd.DataFrame) -> Asked:
    begin, _, told = text.strip().rpartition("=")
    # An option holds no '/', and a name of the record does: 'st:x?layer=3' tells no name.
    is_name = "/" in told or told in encoders.index
    if begin and is_name and not _in_option(begin) and not _is_folder(text):
        if told not in encoders.index:
            raise UnknownNameError.among("encoder of the record", told, encoders.index)
        return Asked(EncoderSpec.parse(begin), told, "told")
    spec = EncoderSpec.parse(text)
    name, how = recognised(spec, encoders)
    return Asked(spec, name, how)


def _is_folder(text: str) -> bool:
    """Return whether the whole of it names a folder, whose path has a '='."""
    return Path(text.strip().partition(":")[2].partition("?")[0]).expanduser().is_dir()


def _in_option(begin: str) -> bool:
    """Return whether what follows would be an option's value, as in ``?prompt``."""
    _, mark, options = begin.partition("?")
    return bool(mark) and "=" not in options.rpartition("&")[2]


def recognised(spec: EncoderSpec, encoders: pd.DataFrame) -> tuple[str | None, str | None]:
    """Return the record's name of an encoder and by what it was recognised; or None, None.

    An encoder with options of its own, such as another layer, is none of the record's. A folder
    is recognised by a name that its files or its path state, when its size agrees with the facts;
    what it was fine-tuned from says nothing.
    """
    if spec.kind not in KINDS or set(spec.settings) - set(SAME):
        return None, None
    place = Path(spec.name).expanduser()
    if not place.is_dir():
        name = _known(spec.name, encoders.index, is_whole=True)
        return (name, "hub id") if name is not None else (None, None)
    for stated, how in _stated(place):
        name = _known(stated, encoders.index)
        if name is not None and _agrees(spec, encoders.loc[[name]]):
            return name, how
    return None, None


def _stated(place: Path) -> Iterable[tuple[str, str]]:
    """Yield names that a folder goes by and where they stand, the surest first."""
    path = place.resolve().as_posix() + "/"
    cached = _CACHED.search(path)
    if cached:
        yield f"{cached[1]}/{cached[2]}", "hub id"
    try:
        with (place / "README.md").open(encoding="utf-8", errors="replace") as file:
            card = file.read(_LONGEST)
    except OSError:
        card = ""
    for pattern in (_HEADING, _USED):
        match = pattern.search(card)
        if match:
            yield match[1], "card"
    yield place.resolve().name, "folder name"


def _known(stated: str, names: Iterable[str], *, is_whole: bool = False) -> str | None:
    """Return the one name of the record that is meant, whatever its case and its owner.

    A whole name has its owner: a hub's id without one is another's.

    >>> _known("all-minilm-l6-v2", ["sentence-transformers/all-MiniLM-L6-v2"])
    'sentence-transformers/all-MiniLM-L6-v2'
    """
    wanted = stated.lower()
    whole = [name for name in names if name.lower() == wanted]
    ends = [name for name in names if name.lower().rpartition("/")[2] == wanted]
    found = whole if whole or is_whole else ends
    return found[0] if len(found) == 1 else None


def _agrees(spec: EncoderSpec, facts: pd.DataFrame) -> bool:
    """Return whether dimensions and size are those that the record states, where both know."""
    own = shelf.load("encoders", spec.kind).describe(spec)
    dims, params = float(facts["n_dims"].iloc[0]), float(facts["n_params"].iloc[0])
    if own.n_dims is not None and dims == dims and dims != own.n_dims:  # NaN: nobody knows
        return False
    both = own.n_parameters is not None and params == params
    return not both or abs(own.n_parameters / params - 1) <= CLOSE
