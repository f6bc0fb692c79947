"""Names and facts from outside, checked before they go anywhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from charz.errors import InputError, UnknownNameError

FACTS = ("name", "group", "label_family", "language", "license", "task")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/-]{0,199}")
_MAX_FACT = 300


def dataset_name(name: str, what: str = "dataset name") -> str:
    """Return a name that is safe in a path, a table and a terminal.

    Raises
    ------
    InputError
        When it has other characters than letters, digits and ``._@/-``, or a path trick.

    Examples
    --------
    >>> dataset_name("glue/cola")
    'glue/cola'
    """
    parts = name.split("/")
    if not _NAME.fullmatch(name) or ".." in name or "" in parts or "." in parts:
        raise InputError(
            f"{name!r:.80} is no {what}",
            "use letters, digits and . _ @ - (and / between them), e.g. --name my-data",
        )
    return name


def slug(text: str) -> str:
    """Return the nearest dataset name to a file's name.

    >>> slug("My data (1)")
    'My-data-1'
    """
    kept = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._@-]+", "-", text)).strip("-._@")
    if not kept:
        raise InputError(f"{text!r:.80} gives no dataset name", "give one with --name")
    return kept[:200]


def printable(text: str) -> bool:
    r"""Whether ``text`` has no control characters and can be written as UTF-8.

    >>> printable("naïve 🙂"), printable("a\x1b[31m"), printable("\ud800")
    (True, False, False)
    """
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def given_facts(facts: Mapping[str, str | None]) -> dict[str, str]:
    """Return the facts that were given, checked; None and empty ones are left out.

    Raises
    ------
    UnknownNameError
        When a key is no fact that a caller may give.
    InputError
        When a value is no short single line of text.
    """
    for key in facts:
        if key not in FACTS:
            raise UnknownNameError.among("option", key, FACTS)
    given = {key: checked_fact(key, value) for key, value in facts.items() if value}
    for key, what in (("name", "dataset name"), ("group", "group name")):
        if key in given:
            dataset_name(given[key], what)
    return given


def checked_fact(key: str, value: object) -> str:
    """Return ``value`` when it is a short single line of text."""
    if not isinstance(value, str) or len(value) > _MAX_FACT or not printable(value):
        raise InputError(
            f"the {key} {value!r:.80} is no short line of text",
            f"give at most {_MAX_FACT} printable characters",
        )
    return value.strip()
