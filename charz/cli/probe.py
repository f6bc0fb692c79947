"""``charz probe``: scores of probes on subsets."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz probe", "charz probe --workers 2 --budget 10m"))
@options.filters
@options.draws
@options.workers
@options.budget
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    protocols: tuple[str, ...],
    n_seeds: int | None,
    workers: int,
    budget: float | None,
    registry: str | None,
    style: str | None,
) -> None:
    """Measure every probe on every subset.

    Fits each probe of each protocol on every training subset and scores it on the eval rows.
    """
    deadline = _registry.deadline(budget)
    from charz.steps import probe

    with _registry.writing(registry) as store, _progress.shown() as progress:
        done = probe.run(
            store,
            encoders=encoders,
            datasets=datasets,
            protocols=protocols,
            n_seeds=n_seeds,
            workers=workers,
            deadline=deadline,
            progress=progress,
        )
    output.summaries([done], style)
