"""``charz similar``: the nearest tasks, and whether their rows help."""

from __future__ import annotations

from typing import Any

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz similar imdb --by text",
        "charz similar --train labelled.csv --family sentiment-2 --format json",
        "charz similar imdb --transfer",
    ),
)
@click.argument("dataset", required=False)
@click.option("--train", metavar="FILE", help="Labelled texts, instead of a dataset.")
@click.option("--family", metavar="NAME", help="The label family of the file.")
@click.option("--encoder", metavar="SPEC",
              help="Compare under this encoder. Default: the one that embeds most.")  # fmt: skip
@click.option("--by", type=click.Choice(["text", "fisher", "both"]), default="both",
              show_default=True, help="What tasks are compared by.")  # fmt: skip
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, metavar="N",
              help="How many tasks.")  # fmt: skip
@click.option("--transfer", is_flag=True, help="Show what pooling rows brings, not the tasks.")
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the intervals.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    dataset: str | None,
    train: str | None,
    family: str | None,
    encoder: str | None,
    by: str,
    top: int,
    transfer: bool,
    level: float,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Find the tasks that are nearest to one, and what they bring.

    DATASET is one of the registry; --train names a file that is not in it. Tasks are compared
    by their mean text (text), by what a probe reads (fisher), or by both. JSON has both views:
    the nearest tasks, and the gain of adding rows of a task of the same label family to the
    training rows, measured, expected from other tasks, or not measured.
    """
    if (dataset is None) == (train is None):
        raise click.UsageError("give either a DATASET or --train")
    from charz.steps import similar

    with _registry.writing(registry) as store, _progress.shown() as progress:
        found = similar.similar_tasks(
            store,
            dataset,
            train=train,
            encoder=encoder,
            by=by,
            top=top,
            label_family=family,
            level=level,
            progress=progress,
            **options.given(**columns),
        )
    for note in found.notes:
        output.talk(f"similar: {note}")
    output.talk(f"similar: compared under {found.encoder}")
    _write(found, transfer, style)


def _write(found: Any, transfer: bool, style: str | None) -> None:
    if style == "json":
        whole = {"encoder": found.encoder, "notes": list(found.notes)}
        output.rows([whole | {"tasks": found.tasks, "transfer": found.transfer}], style)
        return
    output.rows(found.transfer if transfer else found.tasks, style)
    if not transfer and found.transfer:
        output.talk(f"similar: {len(found.transfer)} lines on pooling rows: add --transfer")
