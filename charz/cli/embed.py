"""``charz embed``: texts to vectors."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=("charz embed", "charz embed --encoder 'st:*' --dataset ag_news --dtype float16"),
)
@options.filters
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="How vectors are kept.",
)
@options.workers
@options.budget
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    dtype: str,
    workers: int,
    budget: float | None,
    registry: str | None,
    style: str | None,
) -> None:
    """Embed every dataset under every encoder."""
    deadline = _registry.deadline(budget)
    from charz.steps import embed

    with _registry.writing(registry) as store, _progress.shown() as progress:
        done = embed.run(
            store,
            encoders=encoders,
            datasets=datasets,
            dtype=dtype,
            workers=workers,
            deadline=deadline,
            progress=progress,
        )
    output.summaries([done], style)
