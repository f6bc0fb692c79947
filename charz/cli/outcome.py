"""``charz outcome``: the truth about a prediction."""

from __future__ import annotations

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz outcome 3f9a27 --value 0.87 --n-eval 500",))
@click.argument("key")
@click.option("--value", type=float, required=True, help="The score that was reached.")
@click.option("--n-eval", type=click.IntRange(1), metavar="N", help="On how many labelled rows.")
@options.rows
@options.registry
def command(
    key: str, value: float, n_eval: int | None, registry: str | None, style: str | None
) -> None:
    """Record what came true of a prediction.

    KEY is the prediction's key, or the beginning of it.
    """
    from charz.steps import outcome

    with _registry.writing(registry) as store:
        found = outcome.record(store, key, value, n_eval)
    output.rows([found], style)
