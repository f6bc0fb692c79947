"""Shelves: folders where adding a thing is adding one file.

A shelf is a subpackage of charz (``charz.features``, ``charz.probes`` ...). Its items are
the modules in it whose names do not begin with an underscore, plus what other
distributions offer under the entry-point group ``charz.<shelf>``. Names are found without
importing anything; an item is imported when it is asked for.

>>> "logistic" in names("probes")
True
>>> load("probes", "logistic").__name__
'charz.probes.logistic'
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from charz.errors import InputError, UnknownNameError
from charz.paths import PACKAGE

SHELVES = (
    "sources", "encoders", "samplers", "probes", "features", "estimators",
    "curves", "metamodels", "tasks", "completion", "acquisition",
)  # fmt: skip


@cache
def _own(shelf: str) -> tuple[str, ...]:
    if shelf not in SHELVES:
        raise UnknownNameError.among("shelf", shelf, SHELVES)
    found = (
        entry.stem
        for entry in (PACKAGE / shelf).iterdir()
        if not entry.name.startswith(("_", "."))
        and (entry.suffix == ".py" or (entry / "__init__.py").is_file())
    )
    return tuple(sorted(found))


@cache
def _offered(shelf: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"charz.{shelf}")}


def names(shelf: str) -> tuple[str, ...]:
    """Return the sorted names on a shelf, importing none of them.

    Raises
    ------
    UnknownNameError
        When there is no such shelf.
    """
    return tuple(sorted({*_own(shelf), *_offered(shelf)}))


@cache
def load(shelf: str, name: str) -> Any:
    """Return the item (a module, or an object from an entry point) called ``name``.

    Raises
    ------
    UnknownNameError
        When the shelf has no such item; the nearest names are suggested.
    InputError
        When an installed plug-in offers the name but cannot be loaded.
    """
    if name in _own(shelf):
        return importlib.import_module(f"charz.{shelf}.{name}")
    point = _offered(shelf).get(name)
    if point is None:
        raise UnknownNameError.among(shelf.removesuffix("s"), name, names(shelf))
    try:
        return point.load()
    except Exception as error:
        raise InputError(
            f"the plug-in '{name}' ({point.value}) on shelf '{shelf}' fails: {error}",
            "mend or uninstall the distribution that offers it",
        ) from error


def items(shelf: str) -> dict[str, ModuleType]:
    """Return every item of a shelf by name, imported."""
    return {name: load(shelf, name) for name in names(shelf)}


def step(name: str) -> ModuleType:
    """Return the step called ``name``: how one step runs others without importing them.

    Raises
    ------
    UnknownNameError
        When there is no such step.
    """
    known = sorted(path.stem for path in (PACKAGE / "steps").glob("[a-z]*.py"))
    if name not in known:
        raise UnknownNameError.among("step", name, known)
    return importlib.import_module(f"charz.steps.{name}")
