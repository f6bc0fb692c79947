"""Text from outside, made safe to show on a terminal."""

from __future__ import annotations

import unicodedata

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
