"""Rows as a table for eyes, fitted to the terminal."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from charz.cli._text import escaped

_NARROWEST = 24
_GAP = 2


def write(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print a table; columns that the terminal has no room for are counted on stderr."""
    from charz.cli import output

    if not rows:
        output.talk("no rows")
        return
    cells = {name: [cell(output.plain(row.get(name))) for row in rows] for name in columns}
    if not sys.stdout.isatty():
        _print(cells, rows, {})
        return
    widths = {name: _width(name, texts) for name, texts in cells.items()}
    shown = fitting(widths, shutil.get_terminal_size().columns)
    _print({name: cells[name] for name in shown}, rows, shown)
    hidden = [name for name in widths if name not in shown]
    if hidden:
        names = ", ".join(hidden)
        output.talk(f"no room for {names}; a wider terminal or --format csv shows all")


def cell(value: Any) -> str:
    """Return a value with few digits.

    >>> [cell(value) for value in (0.123456, 1234.5, 3, None, True, {"a": 0.5})]
    ['0.1235', '1234', '3', '', 'yes', 'a: 0.5']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return ", ".join(f"{escaped(key)}: {cell(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(cell(each) for each in value)
    return escaped(str(value))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e12 else f"{value:.4g}"


def fitting(widths: Mapping[str, int], room: int) -> dict[str, int]:
    """Return the leading columns that fit in ``room`` characters and the width of each.

    Long texts are folded, down to 24 characters, before a column has to go; one always stays.

    >>> fitting({"a": 10, "b": 60, "c": 10}, 60)
    {'a': 10, 'b': 36, 'c': 10}
    >>> fitting({"a": 10, "b": 60, "c": 10}, 40)
    {'a': 10, 'b': 24}
    """
    cap = max(widths.values(), default=0)
    while cap > _NARROWEST and _total(widths, cap) > room:
        cap -= 1
    shown: dict[str, int] = {}
    for name, width in widths.items():
        if shown and _total(shown, cap) + _GAP + min(width, cap) > room:
            break
        shown[name] = min(width, cap, room)
    return shown


def _total(widths: Mapping[str, int], cap: int) -> int:
    return sum(min(width, cap) for width in widths.values()) + _GAP * (len(widths) - 1)


def _width(name: str, texts: Sequence[str]) -> int:
    from rich.cells import cell_len

    return max(cell_len(text) for text in (escaped(name), *texts))


def _print(
    cells: Mapping[str, Sequence[str]],
    rows: Sequence[Mapping[str, Any]],
    widths: Mapping[str, int],
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name in cells:
        numeric = all(_is_number(row.get(name)) for row in rows)
        table.add_column(
            Text(escaped(name)),
            justify="right" if numeric else "left",
            overflow="fold",
            width=widths.get(name),
        )
    for texts in zip(*cells.values(), strict=True):
        table.add_row(*(Text(text) for text in texts))
    room = sum(widths.values()) + _GAP * len(widths)
    # Nothing is cut where a table goes to a file.
    console = Console(file=sys.stdout, width=room or 1_000_000, highlight=False, markup=False)
    console.print(table)


def _is_number(value: Any) -> bool:
    return value is None or (hasattr(value, "__float__") and not isinstance(value, str))
