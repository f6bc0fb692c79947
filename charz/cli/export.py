"""``charz export``: a registry as a folder."""

from __future__ import annotations

from pathlib import Path

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=("charz export shared/", "charz export books/ --dataset 'amazon_*' --artifacts"),
)
@click.argument("folder", type=click.Path(path_type=Path))
@options.filters
@click.option("--artifacts", is_flag=True, help="Texts and vectors too, not only rows.")
@options.rows
@options.registry
def command(
    folder: Path,
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    artifacts: bool,
    registry: str | None,
    style: str | None,
) -> None:
    """Write the registry, or a part, for another registry."""
    from charz.steps import transfer

    with _registry.reading(registry) as store:
        done = transfer.export(
            store, folder, encoders=encoders, datasets=datasets, artifacts=artifacts
        )
    output.summaries([done], style)
