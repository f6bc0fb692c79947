"""``charz import``: a folder that another registry exported, or what ships with charz."""

from __future__ import annotations

from pathlib import Path

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz import shared/", "charz import reference"))
@click.argument("folder")
@options.rows
@options.registry
def command(folder: str, registry: str | None, style: str | None) -> None:
    """Add what another registry exported.

    FOLDER may also be the word reference: the figures and the public record that ship
    with charz (write ./reference for a folder of that name). The registry is made when
    there is none; what is there already is left as it is.
    """
    from charz.steps import figures, published, transfer

    place = figures.reference() if folder == "reference" else Path(folder)
    with _registry.writing(registry, create=True) as store, _progress.shown() as progress:
        if (place / figures.CARD).is_file():
            done = figures.load(store, place, progress=progress)
        else:
            done = transfer.load(store, place)
        record = published.shipped(store, progress=progress) if folder == "reference" else None
    output.summaries([done] if record is None else [done, record], style)
