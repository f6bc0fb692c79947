"""What a recommendation looks like on a terminal."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import output
from charz.cli._text import escaped

if TYPE_CHECKING:
    from charz.steps.recommend import Recommendation

_ASKED = {
    "max_params": "a stated size",
    "max_dims": "stated dimensions",
    "min_tokens": "a stated length",
    "is_open": "a word on their weights",
    "language": "stated languages",
    "license": "a stated licence",
}
_HIDDEN = ("why", "trained_on", "license", "open", "n_dims", "max_tokens")


def tell(found: Recommendation) -> None:
    """Say on stderr what was measured, left out and warned of."""
    for each in found.measured:
        own = f", {each['own']:.3f} in [{each['own_low']:.3f}, {each['own_high']:.3f}] forecast "
        own += f"for all {found.task['n_labelled']} rows"
        output.talk(f"{each['spec']}: {each['accuracy']:.3f} +- {each['error']:.3f}{own}")
    for note in found.notes:
        output.talk(note)
    for condition, n in found.left_out.items():
        if n:
            output.talk(f"{n} encoders without {_ASKED[condition]} left out")
    near = ", ".join(f"{each['task']} ({each['distance']:.2f})" for each in found.nearest)
    if near:
        output.talk(f"nearest tasks of the record: {near}")
    output.talk(f"{found.n_kept} encoders ranked, {len(found.encoders)} shown")


def is_table(style: str | None) -> bool:
    """Whether rows will be a table for eyes."""
    return style == "table" or (style is None and sys.stdout.isatty())


def shown(found: Recommendation) -> list[dict[str, Any]]:
    """Return the rows for eyes: the columns that say something, sizes as 23M."""
    from charz.pictures.front import size

    said = [name for name in found.encoders[0] if name not in _HIDDEN]
    said = [name for name in said if any(row[name] is not None for row in found.encoders)]
    sizes = [None if row["n_params"] is None else size(row["n_params"]) for row in found.encoders]
    return [
        {name: n if name == "n_params" else row[name] for name in said}
        for row, n in zip(found.encoders, sizes, strict=True)
    ]


def check(path: Path) -> None:
    """See that a picture can be drawn, before anything is measured."""
    from charz.pictures import front

    front.check(path)


def draw(found: Recommendation, path: Path) -> None:
    """Draw score against size into a file."""
    from charz.pictures import front

    output.talk(f"drawn: {front.save(_picture(found), path)}")


def show(found: Recommendation) -> None:
    """Draw the front as text beneath a table."""
    from charz.pictures import front

    picture = _picture(found)
    if picture.points:
        width = max(60, min(shutil.get_terminal_size().columns, 110))
        lines = front.text(picture, width).splitlines()
        click.echo("\n".join(("", *map(escaped, lines))))


def _picture(found: Recommendation) -> Any:
    from charz.pictures import front

    name, n_classes = found.task["name"], found.task.get("n_classes")
    title = f"Accuracy against size: {name or 'a task'}"
    title += f", {n_classes} classes" if n_classes else ""
    n = sum(each["encoder"] is not None for each in found.measured)
    by = f"placed by {n} measured here" if n else "placed by facts alone"
    subtitle = f"MTEB's protocol, 8 rows per class; {found.n_kept} encoders, {by}; lines: intervals"
    rows: list[Any] = found.table.to_dict("records")
    return front.of(title, rows, subtitle)
