"""``charz outcome``: the truth about a prediction."""

from __future__ import annotations

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=("charz outcome 3f9a --value 0.87", "charz outcome 3f9a --eval labelled.csv"),
)
@click.argument("key")
@click.option("--value", type=click.FloatRange(min=0), help="The score that was reached.")
@click.option("--eval", "eval_", metavar="FILE", help="The eval texts, now labelled.")
@options.rows
@options.registry
def command(
    key: str, value: float | None, eval_: str | None, registry: str | None, style: str | None
) -> None:
    """Record what came true of a prediction.

    KEY is the prediction's key, or the beginning of it. Give the score, or the labelled rows
    to measure it on.
    """
    if (value is None) == (eval_ is None):
        raise click.UsageError("give either --value or --eval")
    from charz.steps import outcome

    with _registry.writing(registry) as store:
        found = outcome.record(store, key, value=value, labelled=eval_)
    output.rows([found], style)
