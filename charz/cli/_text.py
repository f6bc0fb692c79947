"""Text from outside, made safe to show on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # harmless, and part of ordinary words and emoji


def escaped(text: str) -> str:
    r"""Return ``text`` with control and direction characters written as escapes.

    >>> escaped("naïve 🙂"), escaped("a\x1b[31mb\nc")
    ('naïve 🙂', 'a\\x1b[31mb\\nc')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


_PACED = ("texts", "tokens")


def speeds(counts: Mapping[str, int], seconds: float) -> str:
    """Return how many texts and tokens pass through per second; nothing without any.

    >>> speeds({"texts": 300, "tokens": 15900, "kept": 7}, 1.5)
    '200 texts/s, 10,600 tokens/s'
    """
    if seconds <= 0:
        return ""
    paces = {name: counts.get(name, 0) / seconds for name in _PACED if counts.get(name)}
    return ", ".join(
        f"{pace:,.0f} {name}/s" if pace >= 10 else f"{pace:.1f} {name}/s"
        for name, pace in paces.items()
    )


def duration(seconds: float) -> str:
    """Return a time for people.

    >>> duration(42), duration(150), duration(7260)
    ('42 s', '2 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
