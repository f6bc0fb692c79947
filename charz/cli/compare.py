"""``charz compare``: whether a difference is real, and how many labels settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.answers import Comparison


@click.command(
    cls=Command,
    examples=(
        "charz compare --encoder tfidf: --encoder random:hash --train a.csv --eval b.csv",
        "charz compare --encoder tfidf: --probe logistic --probe ridge --train a.csv",
    ),
)
@click.option("--encoder", "encoders", required=True, multiple=True, metavar="SPEC",
              help="KIND:NAME[@REV][?options]. Twice, or once with two probes.")  # fmt: skip
@click.option("--probe", "probes", multiple=True, metavar="NAME",
              help="A classifier family. Once or twice. Default: logistic.")  # fmt: skip
@click.option("--train", required=True, metavar="FILE", help="The labelled sample.")
@click.option("--eval", "eval_", metavar="FILE",
              help="Labelled eval texts. Default: cross-validation on the sample.")  # fmt: skip
@click.option("--level", type=options.level, default="0.95", show_default=True,
              metavar="SHARE", help="Coverage of the interval.")  # fmt: skip
@click.option("--power", type=options.level, default="0.8", show_default=True,
              metavar="SHARE", help="Of the test that eval labels are counted for.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoders: tuple[str, ...],
    probes: tuple[str, ...],
    train: str,
    eval_: str | None,
    level: float,
    power: float,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Compare two encoders, or two heads, row by row.

    One row: both accuracies, their difference with a paired interval, McNemar's mid-p value, the
    shares of rows that one alone gets right, and how many eval labels would show a difference of
    this size with the given power (n_low to n_high within the interval). A registry keeps it.
    """
    from charz.steps import compare

    asked: dict[str, Any] = {"encoders": encoders, "probes": probes or ("logistic",)}
    asked |= {"level": level, "power": power}
    files: dict[str, Any] = {"train": train, "eval": eval_}
    with _registry.answering(registry) as keep:
        found = compare.files(**files, **asked, **options.given(**columns))
        row = _row(found)
        keep("compare", files=files, asked=asked, said=row)
    if style in ("json", "ndjson"):
        row["provenance"] = dict(found.provenance)
    output.rows([row], style)


def _row(found: Comparison) -> dict[str, Any]:
    row: dict[str, Any] = {
        "first": found.names[0],
        "second": found.names[1],
        "accuracy_first": found.accuracies[0],
        "accuracy_second": found.accuracies[1],
    }
    shown = ("difference", "low", "high", "level", "p_value", "only_first", "only_second",
             "n_train", "n_eval", "source", "power", "n_needed", "n_low", "n_high")  # fmt: skip
    return row | {name: getattr(found, name) for name in shown}
