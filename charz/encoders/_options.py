"""Reading the options of a spec: one clear error for each wrong one."""

from __future__ import annotations

from collections.abc import Iterable

from charz.encoders._pairs import WIDTHS
from charz.errors import InputError, UnknownNameError
from charz.records import EncoderSpec


def check(spec: EncoderSpec, known: Iterable[str]) -> None:
    """Refuse options that the kind does not know.

    Raises
    ------
    InputError
        Naming the option and the nearest known ones.

    Examples
    --------
    >>> check(EncoderSpec.parse("tfidf:?dmis=8"), ["dims", "seed"])
    Traceback (most recent call last):
    charz.errors.InputError: 'tfidf:?dmis=8' has the unknown option 'dmis'; did you mean 'dims'?
    """
    known = tuple(known)
    for name in spec.settings:
        if name not in known:
            remedy = UnknownNameError.among("option", name, known).remedy
            raise InputError(f"'{spec}' has the unknown option '{name}'", remedy)
    if "pair" in known:
        choice(spec, "pair", WIDTHS, "product")


def refuse_revision(spec: EncoderSpec) -> None:
    """Refuse ``@REV`` where a kind has no revisions."""
    if spec.revision:
        raise InputError(
            f"'{spec.kind}:' encoders have no revisions, but '{spec}' asks for '@{spec.revision}'",
            "drop it, or write %40 for an @ in a path",
        )


def integer(
    spec: EncoderSpec, name: str, default: int | None, low: int, high: int | None = None
) -> int | None:
    """Return an option in ``low..high``, or its default when it is not set.

    >>> integer(EncoderSpec.parse("tfidf:?dims=64"), "dims", 256, low=1)
    64
    """
    text = spec.settings.get(name)
    if text is None:
        return default
    bounds = f"{low} or more" if high is None else f"from {low} to {high}"
    if not (text.isascii() and text.isdigit() and len(text) < 12 and text == str(int(text))):
        raise InputError(f"'{spec}' has {name}='{text}'", f"give an integer {bounds}")
    value = int(text)
    if value < low or (high is not None and value > high):
        raise InputError(f"'{spec}' has {name}={value}, out of range", f"give one {bounds}")
    return value


def whole(spec: EncoderSpec, name: str, default: int, low: int, high: int | None = None) -> int:
    """Return an integer option that always has a value."""
    value = integer(spec, name, default, low, high)
    assert value is not None  # noqa: S101 - the default is an integer
    return value


def boolean(spec: EncoderSpec, name: str, default: bool) -> bool:
    """Return an option that is ``true`` or ``false``.

    >>> boolean(EncoderSpec.parse("tfidf:?normalize=true"), "normalize", False)
    True
    """
    return choice(spec, name, ("true", "false"), str(default).lower()) == "true"


def choice(spec: EncoderSpec, name: str, known: Iterable[str], default: str) -> str:
    """Return an option that is one of ``known``."""
    value = spec.settings.get(name, default)
    if value not in known:
        remedy = UnknownNameError.among(name, value, known).remedy
        raise InputError(f"'{spec}' has the unknown {name} '{value}'", remedy)
    return value


def dims(spec: EncoderSpec, n_dims: int) -> int:
    """Return how many of ``n_dims`` dimensions the spec keeps.

    >>> dims(EncoderSpec.parse("static:glove?dims=16"), 50)
    16
    """
    kept = whole(spec, "dims", n_dims, low=1)
    if kept > n_dims:
        raise InputError(
            f"'{spec}' asks for {kept} dimensions of {n_dims}", f"give dims from 1 to {n_dims}"
        )
    return kept
