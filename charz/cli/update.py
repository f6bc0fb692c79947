"""``charz update``: every step that has something to do."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz update",
        "charz update --budget 10m --workers 2",
        "charz update --plan --budget 1h",
    ),
)
@options.filters
@options.workers
@options.budget
@click.option("--dask", metavar="ADDRESS", help="A Dask scheduler, e.g. tcp://host:8786.")
@click.option("--plan", is_flag=True,
              help="Run the cells that 'charz plan' puts first, one by one.")  # fmt: skip
@options.record
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    datasets: tuple[str, ...],
    workers: int,
    budget: float | None,
    dask: str | None,
    plan: bool,
    record: str,
    registry: str | None,
    style: str | None,
) -> None:
    """Do whatever any step still has to do.

    Runs subset, embed, probe, characterize and fit on what is lacking. A stopped run
    loses at most what was under way; run it again to go on. With --plan it runs cells of
    the protocol mteb alone, each time the one that tells most for its cost.
    """
    from charz.steps import update

    with _registry.writing(registry) as store, _progress.shown() as progress:
        done = update.run(
            store,
            encoders=encoders,
            datasets=datasets,
            workers=workers,
            budget=budget,
            dask=dask,
            plan=plan,
            record=record,
            progress=progress,
        )
    output.summaries(done, style)
