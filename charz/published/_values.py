"""Values of others' tables and cards, read with goodwill: None where one says nothing usable."""

from __future__ import annotations

import json
import math
from typing import Any

MOST_TEXT = 300
"""Characters of a fact that are kept."""


def text(value: Any) -> str | None:
    """Return a fact in words, or None.

    >>> text(" mit "), text(float("nan")), text("not specified")
    ('mit', None, None)
    """
    if not isinstance(value, str) or value.strip().lower() in ("", "not specified", "none", "nan"):
        return None
    shown = "".join(letter for letter in value.strip() if letter.isprintable())
    return shown[:MOST_TEXT] or None


def whole(value: Any) -> int | None:
    """Return a positive whole number, or None; of a list the largest.

    >>> whole("512.0"), whole("inf"), whole("[64, 128]"), whole(float("nan")), whole("many")
    (512, None, 128, None, None)
    """
    if isinstance(value, str) and value.startswith("["):
        value = max((n for n in map(whole, listed(value)) if n is not None), default=None)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    is_whole = math.isfinite(number) and number == int(number) and 0 < number < 2**60
    return int(number) if is_whole else None


def listed(value: Any) -> list[Any]:
    """Return a list that may be written as JSON; empty where there is none.

    >>> listed('["eng-Latn"]'), listed(None), listed(("a", "b"))
    (['eng-Latn'], [], ['a', 'b'])
    """
    if isinstance(value, str):
        value = parsed(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, list | tuple) else []


def texts(value: Any) -> list[str]:
    """Return a list's texts, sorted, each once.

    >>> texts('["b", "a", "b", 3]')
    ['a', 'b']
    """
    return sorted({fact for fact in map(text, listed(value)) if fact is not None})


def parsed(value: Any) -> Any:
    """Return what a JSON text says, None where it is none."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return None


def boolean(value: Any) -> bool | None:
    """Return a yes or no, or None.

    >>> boolean("True"), boolean(False), boolean(float("nan"))
    (True, False, None)
    """
    return {"true": True, "false": False}.get(str(value).lower())
