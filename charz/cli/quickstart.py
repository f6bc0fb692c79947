"""``charz quickstart``: from nothing to a first prediction."""

from __future__ import annotations

from pathlib import Path

import click

from charz.cli import _progress, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz quickstart", "charz quickstart my-first-registry/"))
@click.argument("folder", type=click.Path(path_type=Path), default="charz-quickstart")
@options.rows
def command(folder: Path, style: str | None) -> None:
    """Build a small registry and make a first prediction.

    Takes a few minutes, needs no network and leaves everything in FOLDER.
    """
    from charz.steps import quickstart

    with _progress.shown() as progress:
        found = quickstart.run(folder, progress)
    output.rows([found], style)
