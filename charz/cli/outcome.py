"""``charz outcome``: the truth about a prediction."""

from __future__ import annotations

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command

_FILE = click.Path(dir_okay=False)


@click.command(
    cls=Command,
    examples=(
        "charz outcome 3f9a27 --value 0.87 --n-eval 500",
        "charz outcome 3f9a27 --train labelled.csv --eval now-labelled.csv",
    ),
)
@click.argument("key")
@click.option("--value", type=float, help="The score that was reached.")
@click.option("--n-eval", type=click.IntRange(1), metavar="N", help="On how many labelled rows.")
@click.option("--train", type=_FILE, help="The training file of the prediction.")
@click.option("--eval", "eval_", type=_FILE, help="Its eval file, now with labels.")
@options.columns
@options.rows
@options.registry
def command(
    key: str,
    value: float | None,
    n_eval: int | None,
    train: str | None,
    eval_: str | None,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Record what came true of a prediction.

    KEY is the prediction's key, or the beginning of it. Give the score, or the files that
    were predicted for with their eval rows labelled: then charz measures it.
    """
    from charz.steps import outcome

    by_files = train is not None and eval_ is not None
    if (value is None) != by_files or (train is None) != (eval_ is None):
        raise click.UsageError("give either --value, or --train and --eval")
    with _registry.writing(registry) as store:
        if train is not None and eval_ is not None:
            found = outcome.measure(store, key, train, eval_, **options.given(**columns))
        elif value is not None:
            found = outcome.record(store, key, value, n_eval)
    output.rows([found], style)
