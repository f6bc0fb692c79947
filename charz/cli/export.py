"""``charz export``: a registry as a folder."""

from __future__ import annotations

from pathlib import Path

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz export shared/",
        "charz export books/ --dataset 'amazon_*' --artifacts",
        "charz export figures/ --figures --public mini=org/mini",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@options.filters
@click.option("--artifacts", is_flag=True, help="Texts and vectors too, not only rows.")
@click.option(
    "--figures",
    is_flag=True,
    help="Only what was measured, rounded, for anybody to have: no folder is named in it.",
)
@click.option(
    "--public",
    type=options.setting,
    multiple=True,
    callback=options.settings,
    metavar="FOLDER=NAME",
    help="With --figures: the public name of an encoder measured from a folder. Repeatable.",
)
@options.rows
@options.registry
def command(
    folder: Path,
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    artifacts: bool,
    figures: bool,
    public: dict[str, str],
    registry: str | None,
    style: str | None,
) -> None:
    """Write the registry, or a part, for another registry."""
    if figures and (artifacts or encoders or datasets):
        raise click.UsageError("--figures are of the whole registry, without artifacts")
    if public and not figures:
        raise click.UsageError("--public goes with --figures")
    from charz.steps import figures as figures_step
    from charz.steps import transfer

    with _registry.reading(registry) as store:
        if figures:
            done = figures_step.export(store, folder, public=public)
        else:
            done = transfer.export(
                store, folder, encoders=encoders, datasets=datasets, artifacts=artifacts
            )
    output.summaries([done], style)
