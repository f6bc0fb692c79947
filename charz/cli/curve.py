"""``charz curve``: how much more data is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.answers import LearningCurve, TargetAnswer


@click.command(
    cls=Command,
    examples=(
        "charz curve --encoder tfidf: --train labelled.csv --target 0.9",
        "charz curve --encoder tfidf: --train a.csv --eval b.csv --at 500 --format json",
    ),
)
@click.option("--encoder", required=True, metavar="SPEC", help="KIND:NAME[@REV][?options].")
@click.option("--train", required=True, metavar="FILE", help="The labelled sample.")
@click.option("--eval", "eval_", metavar="FILE", help="Texts of the domain; labels unneeded.")
@click.option("--metric", default="accuracy", show_default=True, help="Accuracy or macro_f1.")
@click.option("--target", type=float, metavar="SCORE", help="How many labels reach this score?")
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the intervals.")  # fmt: skip
@click.option("--at", type=click.IntRange(2), multiple=True, metavar="N",
              help="The score with N labelled rows. Repeatable.")  # fmt: skip
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Draw the curve into this file: .png, .svg or .pdf.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoder: str,
    train: str,
    eval_: str | None,
    figure: Path | None,
    registry: str | None,
    style: str | None,
    **asked: Any,
) -> None:
    """Forecast the score with more labels, and how many it takes.

    One row per size: the expected score with its interval, beside cross-validation ('last'),
    families of curves and their median. The answer for the target, and a picture in text, go to
    stderr; with --format json the answer stands in every row. With a registry each forecast is
    kept under a key, to be settled by 'charz outcome'.
    """
    from charz.steps import curve

    if figure is not None:
        from charz import pictures

        pictures.drawable(figure)
    without = "forecasting from what ships with charz, keeping nothing of the forecast"
    with _registry.if_any(registry, without) as store:
        found = curve.files(
            store, encoder=encoder, train=train, eval=eval_, **options.given(**asked)
        )
    nested = style in ("json", "ndjson")
    _talk(found)
    if figure is not None:
        from charz.pictures import forecast

        output.talk(f"drew {forecast.save(found, figure)}")
    output.rows(_rows(found, nested=nested), style)


def _talk(found: LearningCurve) -> None:
    from charz.pictures import forecast

    for line in forecast.text(found).splitlines():
        output.talk(line)
    if found.answer is not None:
        output.talk(_said(found.answer, found))


def _said(answer: TargetAnswer, found: LearningCurve) -> str:
    """Return an answer as a sentence.

    >>> from charz.answers import TargetAnswer
    >>> _said(TargetAnswer(0.9, "unknown", more=64), None)
    'cannot say yet how many labels reach 0.9: label 64 more and ask again'
    """
    goal = f"{answer.target:g}"
    if answer.verdict == "reached":
        return f"{goal} is reached already, with {found.n_train} labels ({answer.sure:.0%} sure)"
    if answer.verdict == "not reachable":
        return f"{goal} is not reachable with this encoder"
    if answer.verdict == "unknown":
        return (
            f"cannot say yet how many labels reach {goal}: label {answer.more} more and ask again"
        )
    most = "more than can be foreseen" if answer.n_high is None else f"{answer.n_high}"
    return (
        f"{goal} needs about {answer.n} labels, from {answer.n_low} to {most} "
        f"({answer.sure:.0%} sure of a factor of two)"
    )


def _rows(found: LearningCurve, *, nested: bool) -> list[dict[str, Any]]:
    provenance = dict(found.provenance)
    keys = provenance.pop("keys", {})
    rows = []
    for place, point in enumerate(found.points):
        row = {
            "key": keys.get(str(point.n)),
            "metric": found.metric,
            "n": point.n,
            "value": point.value,
            "low": point.low,
            "high": point.high,
            "level": found.level,
            "support": found.support,
            "n_train": found.n_train,
        }
        said = {name: values[place] for name, values in found.baselines.items()}
        if nested:
            whole = {"mdl": found.mdl, "esc": found.esc, "measured": dict(found.measured)}
            answer = None if found.answer is None else vars(found.answer)
            row |= {"baselines": said, "answer": answer, **whole, "provenance": provenance}
        else:
            row |= {f"baseline_{name}": value for name, value in said.items()}
        rows.append(row)
    return rows
