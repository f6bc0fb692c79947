"""``charz predict``: a score before anybody measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.answers import Forecast


@click.command(
    cls=Command,
    examples=(
        "charz predict --encoder tfidf: --train labelled.csv --eval new.csv",
        "charz predict --encoder tfidf: --train a.csv --eval b.csv --at 500 --format json",
    ),
)
@click.option("--encoder", required=True, metavar="SPEC", help="KIND:NAME[@REV][?options].")
@click.option("--train", required=True, metavar="FILE", help="The labelled sample.")
@click.option("--eval", "eval_", required=True, metavar="FILE", help="Texts; labels unneeded.")
@click.option("--metric", default="accuracy", show_default=True, help="What to predict.")
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the interval.")  # fmt: skip
@click.option("--at", type=click.IntRange(2), multiple=True, metavar="N",
              help="Also the score with N labelled rows. Repeatable.")  # fmt: skip
@click.option(
    "--domain", type=click.Choice(["unknown", "same", "other"]), default="unknown",
    show_default=True, help="Source of the eval texts: that of the labelled, or another.",
)  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoder: str,
    train: str,
    eval_: str,
    metric: str,
    level: float,
    at: tuple[int, ...],
    domain: str,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Predict the score of an encoder on a task, with an interval.

    One row per forecast: value, low and high at the level, baselines, support (1: the sample
    is well inside the measured world, 0: unlike all of it), and what it was made from. With a
    registry each forecast is kept under a key, to be settled by 'charz outcome'. Say with
    --domain whether the eval texts come from the same source as the labelled ones or from
    another: unknown, the metamodel guesses.
    """
    from charz.steps import predict

    without = "predicting from what ships with charz, keeping nothing of the forecast"
    with _registry.if_any(registry, without) as store:
        found = predict.files(
            store,
            encoder=encoder,
            train=train,
            eval=eval_,
            metric=metric,
            level=level,
            at=at,
            domain=domain,
            **options.given(**columns),
        )
    output.rows([_row(forecast, nested=style in ("json", "ndjson")) for forecast in found], style)


def _row(forecast: Forecast, *, nested: bool) -> dict[str, Any]:
    provenance = dict(forecast.provenance)
    row = {
        "key": provenance.pop("key", None),
        "metric": forecast.metric,
        "at": forecast.at,
        "value": forecast.value,
        "low": forecast.low,
        "high": forecast.high,
        "level": forecast.level,
        "support": forecast.support,
        "n_train": forecast.n_train,
        "n_eval": forecast.n_eval,
    }
    if nested:
        return row | {"baselines": dict(forecast.baselines), "provenance": provenance}
    return row | {f"baseline_{name}": value for name, value in forecast.baselines.items()}
