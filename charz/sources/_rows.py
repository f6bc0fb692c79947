"""Rows as they stand in a file, made into examples; every row left out is counted."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from charz.errors import InputError
from charz.records import Examples
from charz.sources._names import printable

MAX_CHARACTERS = 1_000_000
MAX_LABEL = 500
MISSING_LABEL = "missing label"

_INTEGRAL = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; ``pair`` None means ``text_pair`` where there is one.

    ``label`` None reads no labels. With ``partly`` a row may lack its label, and the column may
    lack too.
    """

    text: str = "text"
    pair: str | None = None
    label: str | None = "label"
    partly: bool = False

    def present(self, names: Sequence[str], where: str) -> Columns:
        """Return these columns with ``pair`` settled, when a table has them.

        Raises
        ------
        InputError
            When one is missing, naming those there, or stands twice.
        """
        label = None if self.partly and self.label not in names else self.label
        for option, name in (("text", self.text), ("pair", self.pair), ("label", label)):
            if name is not None:
                _one(names, name, where, option)
        pair = self.pair or ("text_pair" if "text_pair" in names else None)
        return Columns(self.text, pair, label, self.partly)


def _one(names: Sequence[str], name: str, where: str, option: str) -> None:
    if names.count(name) == 1:
        return
    if name in names:
        raise InputError(f"'{where}' has two columns '{name}'", "rename or drop one")
    there = ", ".join(f"{other!r:.40}" for other in names[:12]) + (", ..." * (len(names) > 12))
    raise InputError(
        f"'{where}' has no column '{name}'; it has {there or 'none'}",
        f"name yours with --{option}-column",
    )


@dataclass
class Rows:
    """Examples in the making: `add` takes a row or counts why not.

    ``places`` says which row of the file each example was, from 0.
    """

    where: str
    columns: Columns
    texts: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def skip(self, reason: str) -> None:
        """Count a row that cannot be used."""
        self.skipped[reason] += 1

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row, or count it by what is wrong with it."""
        reason = text_fault(row.get(self.columns.text), "text")
        if reason is None and self.columns.pair is not None:
            reason = text_fault(row.get(self.columns.pair), "text pair")
        label = ""
        if reason is None and self.columns.label is not None:
            label = canonical_label(row.get(self.columns.label))
            reason = label_fault(label, row.get(self.columns.label))
            if reason == MISSING_LABEL and self.columns.partly:
                reason = None
        if reason is not None:
            self.skip(reason)
            return
        self.places.append(self.skipped.total() + len(self.texts))
        self.texts.append(row[self.columns.text])
        self.labels.append(label)
        if self.columns.pair is not None:
            self.pairs.append(row[self.columns.pair])

    def extend(self, rows: Iterable[Mapping[str, Any]]) -> Rows:
        """Take many rows."""
        for row in rows:
            self.add(row)
        return self

    def examples(self) -> Examples:
        """Return the rows taken.

        Raises
        ------
        InputError
            When none is left or more than half had to be left out.
        """
        n_bad = self.skipped.total()
        n_rows = n_bad + len(self.texts)
        if not n_rows:
            raise InputError(f"'{self.where}' has no rows below its header", "give it some rows")
        if not self.texts or n_bad > n_rows / 2:
            raise InputError(
                f"{n_bad} of the {n_rows} rows of '{self.where}' cannot be used"
                + (f": {reasons(self.skipped)}" if n_bad else ""),
                "mend the rows, or name the right columns",
            )
        return Examples(
            tuple(self.texts),
            tuple(self.labels) if self.columns.label is not None else None,
            tuple(self.pairs) if self.columns.pair is not None else None,
        )


def reasons(skipped: Mapping[str, int]) -> str:
    """Return counts by reason as words, the most frequent first.

    >>> reasons({"missing text": 2, "missing label": 5})
    '5 missing label, 2 missing text'
    """
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {reason}" for reason, count in ordered)


def text_fault(value: object, what: str) -> str | None:
    """Return why ``value`` is no usable text, or None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return f"missing {what}"
    if not isinstance(value, str):
        return f"{what} is not a string"
    if not value.strip():
        return f"missing {what}"
    if len(value) > MAX_CHARACTERS:
        return f"{what} longer than {MAX_CHARACTERS} characters"
    if "\0" in value:
        return f"NUL in {what}"
    return None if _encodes(value) else f"{what} is not valid Unicode"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def canonical_label(value: object) -> str:
    """Return a label as text: numbers in their shortest form, '' when there is none.

    >>> [canonical_label(value) for value in (1, 1.0, "1.0", 0.5, True, " pos ", None)]
    ['1', '1', '1', '0.5', 'true', 'pos', '']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        return ""
    text = value.strip()
    whole = _INTEGRAL.fullmatch(text)
    return whole.group(1) if whole else text


def label_fault(label: str, value: object) -> str | None:
    """Return why a row's label cannot be used, or None."""
    if isinstance(value, (list, dict, tuple)):
        return "label is not a single value"
    if not label:
        return MISSING_LABEL
    if len(label) > MAX_LABEL:
        return f"label longer than {MAX_LABEL} characters"
    return None if printable(label) else "label with control characters"
