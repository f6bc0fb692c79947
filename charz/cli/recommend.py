"""``charz recommend``: which encoder of the public record for a task of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _front, _progress, _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.steps.recommend import Recommendation


@click.command(
    cls=Command,
    examples=(
        "charz recommend --train labelled.csv --measure static:wordllama,tfidf:",
        "charz recommend --facts n_classes=5,languages=eng --max-params 200M --open",
        "charz recommend --train a.csv --measure 'st:/models/mine=BAAI/bge-m3' --figure front.png",
    ),
)
@click.option("--train", metavar="FILE", help="The labelled texts.")
@click.option("--eval", "eval_", metavar="FILE",
              help="Texts of the domain of use. Labelled, they are tested on.")  # fmt: skip
@options.measured
@options.task_facts
@options.conditions
@click.option("--name", metavar="NAME", help="The dataset's name or hub id. Default: the file's.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, metavar="N",
              help="How many encoders.")  # fmt: skip
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the intervals.")  # fmt: skip
@click.option(
    "--domain", type=click.Choice(["unknown", "same", "other"]), default="unknown",
    show_default=True, help="Source of the eval texts: that of the labelled, or another.",
)  # fmt: skip
@options.record
@click.option("--figure", type=click.Path(path_type=Path), metavar="PATH",
              help="Draw score against size: .png, .svg, .pdf or .txt.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    train: str | None,
    eval_: str | None,
    measure: tuple[tuple[str, ...], ...],
    facts: dict[str, Any] | None,
    name: str | None,
    top: int,
    level: float,
    domain: str,
    record: str,
    figure: Path | None,
    registry: str | None,
    style: str | None,
    **others: Any,
) -> None:
    """Rank all encoders of the public record on a task of yours.

    Measures a few encoders as MTEB does (8 rows per class, 10 draws) and completes the others:
    accuracy with an interval, the probability of being best and of being within a point of it,
    accuracy with all your rows, size, seconds per 1,000 texts, and whether an encoder stands on
    the front of score against size. A local folder is recognised by its card or name; say
    SPEC=NAME where it is not. Without --measure, facts alone place the task, roughly. JSON has
    all of it, with the nearest tasks and what moved each encoder.
    """
    if train is None and facts is None:
        raise click.UsageError("give --train, or the task's --facts")
    if train is None and (measure or eval_):
        raise click.UsageError("--measure and --eval need --train")
    from charz.steps import recommend

    if figure is not None:
        _front.check(figure)
    limits = {each: others.pop(each) for each in options.CONDITIONS}
    without = "going by the record that ships, keeping vectors alone"
    with _registry.if_any(registry, without) as store, _progress.shown() as progress:
        found = recommend.recommend(
            store, train=train, eval=eval_, measure=[spec for part in measure for spec in part],
            facts=facts, name=name, limits=limits, top=top, level=level, domain=domain,
            record=record, progress=progress, **options.given(**others),
        )  # fmt: skip
    _front.tell(found)
    if figure is not None:
        _front.draw(found, figure)
    _write(found, style)


def _write(found: Recommendation, style: str | None) -> None:
    if style == "json":
        parts = ("task", "encoders", "measured", "nearest", "left_out", "n_kept", "notes")
        output.rows([{part: getattr(found, part) for part in parts}], style)
        return
    if _front.is_table(style):
        output.rows(_front.shown(found), style)
        _front.show(found)
    else:
        output.rows(found.encoders, style)
