"""``charz characterize``: features of samples."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command, examples=("charz characterize", "charz characterize --dataset 'amazon_*'")
)
@options.filters
@options.workers
@options.budget
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    workers: int,
    budget: float | None,
    registry: str | None,
    style: str | None,
) -> None:
    """Compute the features of every sample.

    Features and label-free estimates of accuracy, from vectors and training labels alone.
    """
    deadline = _registry.deadline(budget)
    from charz.steps import characterize

    with _registry.writing(registry) as store, _progress.shown() as progress:
        done = characterize.run(
            store,
            encoders=encoders,
            datasets=datasets,
            workers=workers,
            deadline=deadline,
            progress=progress,
        )
    output.summaries([done], style)
