"""``charz subset``: protocols, and the subsets that they draw."""

from __future__ import annotations

from typing import Any

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz subset",
        "charz subset --sizes 16,32,64 --seeds 3",
        "charz subset --protocol noisy --sampler label_noise --parameter rate=0.2",
    ),
)
@click.option("--protocol", metavar="NAME", help="The plan to declare or extend. Default: curve.")
@click.option("--sampler", metavar="NAME", help="How rows are drawn. Default: random.")
@click.option(
    "--parameter",
    "parameters",
    type=options.setting,
    multiple=True,
    callback=options.settings,
    metavar="KEY=VALUE",
    help="A parameter of the sampler. Repeatable.",
)
@click.option("--sizes", type=options.sizes, metavar="N,N,...", help="Training rows.")
@click.option("--seeds", "n_seeds", type=click.IntRange(1), metavar="N", help="Draws per size.")
@click.option(
    "--eval-sizes",
    type=options.eval_sizes,
    metavar="N,...,all",
    help="Eval rows. Default: all.",
)
@click.option("--probes", type=options.names, metavar="NAME,...", help="Probes to measure.")
@options.datasets
@options.budget
@options.rows
@options.registry
def command(
    protocol: str | None,
    parameters: dict[str, str],
    datasets: tuple[str, ...],
    budget: float | None,
    registry: str | None,
    style: str | None,
    **plan: Any,
) -> None:
    """Declare or extend a protocol, and draw subsets.

    A protocol is a stored plan of cells: sampler, sizes, seeds, eval sizes and probes.
    Without options, draws what every stored protocol still lacks.
    """
    deadline = _registry.deadline(budget)
    from charz.steps import subset

    asked = options.given(**plan, parameters=options.as_json(parameters) or None)
    with _registry.writing(registry) as store, _progress.shown() as progress:
        if protocol is not None or asked:
            subset.protocol(store, protocol or "curve", **asked)
        done = subset.run(store, datasets=datasets, deadline=deadline, progress=progress)
    output.summaries([done], style)
