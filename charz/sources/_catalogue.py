"""The catalogue of known hub datasets: ``_catalogue.toml``, as records."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from charz.errors import UnknownNameError


@dataclass(frozen=True)
class Entry:
    """A dataset on the hub: where it lies, which columns and splits hold what, its facts.

    ``labels`` names the codes 0, 1, ...; ``bins`` says how a score becomes a class.
    ``test`` None means the first of the usual test splits that is there.
    """

    name: str
    id: str
    group: str
    text: str = "text"
    label: str = "label"
    train: str = "train"
    test: str | None = None
    labels: tuple[str, ...] = ()
    pair: str | None = None
    config: str | None = None
    revision: str | None = None
    bins: str | None = None
    label_family: str | None = None
    task: str | None = None
    language: str | None = None
    license: str | None = None


@cache
def entries() -> dict[str, Entry]:
    """Return every entry by its name, ``suite/NAME``."""
    path = Path(__file__).with_name("_catalogue.toml")
    suites = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        f"{suite}/{name}": Entry(
            name=f"{suite}/{name}", **fields | {"labels": tuple(fields["labels"])}
        )
        for suite, members in suites.items()
        for name, fields in members.items()
    }


@cache
def _spellings() -> dict[str, str]:
    """Map every spelling in small letters to its entry; the earlier suite wins a bare name."""
    known: dict[str, str] = {}
    for name in entries():
        suite, _, bare = name.lower().partition("/")
        for form in (bare, bare.removesuffix("classification")):
            known[f"{suite}/{form}"] = name
            known.setdefault(form, name)
    return known


def find(reference: str) -> Entry | None:
    """Return the entry that a reference names, with or without its suite, or None.

    >>> find("cola").name, find("mteb/banking77").name, find("Banking77Classification").name
    ('glue/cola', 'mteb/Banking77Classification', 'mteb/Banking77Classification')
    >>> find("kola") is None
    True
    """
    name = _spellings().get(reference.lower())
    return entries()[name] if name else None


def names() -> list[str]:
    """Return the names that `find` knows: full ones, and bare ones."""
    return sorted({*entries(), *(name.partition("/")[2] for name in entries())})


def get(reference: str) -> Entry:
    """Return the entry that a reference names.

    Raises
    ------
    UnknownNameError
        When the catalogue has none; near names are suggested.
    """
    entry = find(reference)
    if entry is None:
        raise UnknownNameError.among("dataset of the catalogue", reference, names())
    return entry
