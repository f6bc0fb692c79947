"""``charz import``: a folder that another registry exported."""

from __future__ import annotations

from pathlib import Path

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz import shared/",))
@click.argument("folder", type=click.Path(path_type=Path))
@options.rows
@options.registry
def command(folder: Path, registry: str | None, style: str | None) -> None:
    """Add what another registry exported.

    The registry is made when there is none; what is there already is left as it is.
    """
    from charz.steps import transfer

    with _registry.writing(registry, create=True) as store:
        done = transfer.load(store, folder)
    output.summaries([done], style)
