"""``charz status``: what is done and what is not."""

from __future__ import annotations

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz status", "charz status --failures --format json"))
@click.option("--failures", is_flag=True, help="List what failed, and why.")
@options.rows
@options.registry
def command(failures: bool, registry: str | None, style: str | None) -> None:
    """Show what each step did, has to do and failed to do."""
    from charz.steps import status

    with _registry.reading(registry) as store:
        found = status.failures(store) if failures else status.run(store)
    output.rows(found, style)
