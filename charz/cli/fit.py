"""``charz fit``: learn the metamodel."""

from __future__ import annotations

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz fit",
        "charz fit --metric macro_f1 --model ridge --format csv",
        "charz fit --without-group reviews --without-lineage all-MiniLM-L6-v2",
    ),
)
@click.option("--metric", default="accuracy", show_default=True, help="What to learn to predict.")
@click.option("--model", default="mixture", show_default=True, help="From the metamodels shelf.")
@click.option("--without-group", "groups", multiple=True, help="A dataset group not to see.")
@click.option("--without-lineage", "lineages", multiple=True, help="A lineage not to see.")
@options.rows
@options.registry
def command(
    metric: str,
    model: str,
    groups: tuple[str, ...],
    lineages: tuple[str, ...],
    registry: str | None,
    style: str | None,
) -> None:
    """Learn the metamodel and print its held-out report.

    The report judges it on datasets and encoders held out, beside its baselines.
    """
    from charz.steps import fit

    with _registry.writing(registry) as store, _progress.shown() as progress:
        done = fit.run(
            store,
            metric=metric,
            item=model,
            without_groups=groups,
            without_lineages=lineages,
            progress=progress,
        )
        report = fit.report(store, metric=metric)
    for note in done.notes:
        output.talk(note)
    if not report:
        output.talk("no report: nothing can be held out of a single dataset group")
    output.rows(report, style)
