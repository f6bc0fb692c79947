"""Rows to stdout as a table, CSV, JSON or NDJSON; talk to stderr.

Tables are for eyes: few digits, control characters escaped, no more columns than fit. The
other formats are for programs: every digit, missing values empty (CSV) or null (JSON).
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from charz.cli._text import escaped, speeds
from charz.errors import CharzError

if TYPE_CHECKING:
    from charz.records import Summary

Row = Mapping[str, Any]

_MISSING = ("NAType", "NaTType")  # by name, so that pandas need not be loaded to ask


def talk(message: str) -> None:
    """Say something to the person: a line on stderr."""
    click.echo(f"charz: {escaped(message)}", err=True)


def rows(
    found: Iterable[Row], style: str | None = None, columns: Sequence[str] | None = None
) -> None:
    """Write rows to stdout.

    Parameters
    ----------
    found : iterable of mappings
    style : {"table", "csv", "json", "ndjson"}, optional
        Default: a table on a terminal, else CSV.
    columns : sequence of str, optional
        Which columns, in order; default: those of the rows.
    """
    kept = list(found)
    names = list(columns) if columns is not None else _columns(kept)
    style = style or ("table" if sys.stdout.isatty() else "csv")
    if style == "table":
        from charz.cli import _table

        _table.write(kept, names)
    else:
        click.echo(text(kept, style, names), nl=False)


def text(found: Sequence[Row], style: str, columns: Sequence[str]) -> str:
    """Return rows as CSV, JSON or NDJSON text.

    >>> print(text([{"n": 1, "score": float("nan")}], "ndjson", ["n", "score"]), end="")
    {"n": 1, "score": null}
    """
    if style == "csv":
        return _csv(found, columns)
    objects = [json.dumps(_object(row, columns), allow_nan=False) for row in found]
    if style == "ndjson":
        return "".join(f"{line}\n" for line in objects)
    return "[\n" + ",\n".join(f"  {line}" for line in objects) + "\n]\n" if objects else "[]\n"


def _columns(found: Sequence[Row]) -> list[str]:
    return list({name: None for row in found for name in row})


def _object(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {name: plain(row.get(name)) for name in columns}


def _csv(found: Sequence[Row], columns: Sequence[str]) -> str:
    if not columns:
        return ""
    lines = _Lines()
    writer = csv.writer(lines)  # whose default line end makes it quote a lone "\r" too
    writer.writerow(columns)
    for row in found:
        writer.writerow([_field(plain(row.get(name))) for name in columns])
    text = "".join(line.removesuffix("\r\n") + "\n" for line in lines)
    return text.encode("utf-8", "backslashreplace").decode()


class _Lines(list[str]):
    """Lines as a file to write to."""

    write = list.append


def _field(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: None for NaN, infinities and missing times.

    >>> plain({"a": float("inf"), "b": (1, True)})
    {'a': None, 'b': [1, True]}
    """
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if type(value).__name__ in _MISSING:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else _shown(value)


def _shown(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    return None if isinstance(value, Decimal) else str(value)


def summaries(done: Sequence[Summary], style: str | None = None) -> None:
    """Write what steps did, one row each.

    Raises
    ------
    CharzError
        When units failed: what is done is kept, but the command's work is not.
    """
    rows(
        (
            {name: getattr(summary, name) for name in
             ("step", "done", "failed", "left", "unit", "seconds")}
            for summary in done
        ),
        style,
    )  # fmt: skip
    for summary in done:
        _talk_of_speed(summary)
        if not summary.failed:
            for note in summary.notes:
                talk(f"{summary.step}: {note}")
    left = sum(summary.left for summary in done)
    if left:
        talk(f"the time is up with {left} left: run it again to go on")
    failed = sum(summary.failed for summary in done)
    if failed:
        raise CharzError(
            f"{failed} failed, all else is kept",
            "see why with 'charz status --failures'; what failed is tried again next time",
        )


def _talk_of_speed(summary: Summary) -> None:
    """Say what passed through a step and how fast, when it counted that."""
    kept = summary.counts.get("kept", 0)
    if kept:
        talk(f"{summary.step}: {kept:,} texts were there from a run that was stopped")
    pace = speeds(summary.counts, summary.seconds)
    if pace:
        talk(f"{summary.step}: {summary.counts['texts']:,} texts encoded, {pace}")
