"""``charz characterize``: features of samples."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz characterize --dataset 'amazon_*'",
        "charz characterize --protocol curve --seeds 1 --whole-eval",
    ),
)
@options.filters
@options.draws
@click.option("--whole-eval", is_flag=True, help="Only the largest eval subset of a split.")
@options.workers
@options.budget
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    protocols: tuple[str, ...],
    n_seeds: int | None,
    whole_eval: bool,
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
            protocols=protocols,
            n_seeds=n_seeds,
            whole_eval=whole_eval,
            workers=workers,
            deadline=deadline,
            progress=progress,
        )
    output.summaries([done], style)
