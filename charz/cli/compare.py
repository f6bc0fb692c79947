"""``charz compare``: whether a difference is real, and how many labels settle it."""

from __future__ import annotations

from typing import Any

import click

from charz.cli import options, output
from charz.cli._group import Command


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
def command(
    encoders: tuple[str, ...],
    probes: tuple[str, ...],
    train: str,
    eval_: str | None,
    level: float,
    power: float,
    style: str | None,
    **columns: str | None,
) -> None:
    """Compare two encoders, or two heads, row by row.

    One row: both accuracies, their difference with a paired interval, McNemar's mid-p value, the
    shares of rows that one alone gets right, and how many eval labels would show a difference of
    this size with the given power (n_low to n_high within the interval).
    """
    from charz.steps import compare

    found = compare.files(
        encoders=encoders,
        train=train,
        eval=eval_,
        probes=probes or ("logistic",),
        level=level,
        power=power,
        **options.given(**columns),
    )
    row: dict[str, Any] = {
        "first": found.names[0],
        "second": found.names[1],
        "accuracy_first": found.accuracies[0],
        "accuracy_second": found.accuracies[1],
    }
    shown = ("difference", "low", "high", "level", "p_value", "only_first", "only_second",
             "n_train", "n_eval", "source", "power", "n_needed", "n_low", "n_high")  # fmt: skip
    row |= {name: getattr(found, name) for name in shown}
    if style in ("json", "ndjson"):
        row["provenance"] = dict(found.provenance)
    output.rows([row], style)
