"""``charz head``: which classifier to put on an encoder, or on which of its layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from charz.cli import _front, _heads, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz head --encoder static:wordllama --train labelled.csv",
        "charz head --encoder st:/models/small --train a.csv --eval b.csv --fine-tune",
        "charz head --encoder st:/models/small --train a.csv --layers --format json",
    ),
)
@click.option("--encoder", required=True, metavar="SPEC", help="KIND:NAME[@REV][?options].")
@click.option("--train", required=True, metavar="FILE", help="The labelled sample.")
@click.option("--eval", "eval_", metavar="FILE",
              help="Texts of the domain of use. Labelled, heads are tested on them.")  # fmt: skip
@click.option("--fine-tune", is_flag=True,
              help="Fine-tune the checkpoint as well: minutes, not seconds.")  # fmt: skip
@click.option("--layers", is_flag=True, help="Compare the checkpoint's layers, not heads.")
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the intervals.")  # fmt: skip
@click.option("--figure", type=click.Path(path_type=Path), metavar="PATH",
              help="Draw the gains of heads: .png, .svg or .pdf.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoder: str,
    train: str,
    eval_: str | None,
    fine_tune: bool,
    layers: bool,
    level: float,
    figure: Path | None,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Choose the classifier on top of an encoder.

    One row per head, the best first: expected accuracy with an interval, the probability of being
    the best, the gain over logistic regression, the setting that cross-validation chose, CPU
    seconds. A selector that learned on many datasets judges by cross-validated scores of all
    heads. Says whether going beyond linear pays with so many rows. --layers says instead which
    layer of a checkpoint is enough. JSON has all of it, and a registry keeps it.
    """
    if layers and (fine_tune or figure):
        raise click.UsageError("--layers goes with neither --fine-tune nor --figure")
    from charz.steps import head

    if figure is not None:
        from charz import pictures

        pictures.drawable(figure)
    files: dict[str, Any] = {"train": train, "eval": eval_}
    given: dict[str, Any] = {"encoder": encoder, "level": level, **files,
                             "say": lambda message: output.talk(f"head: {message}"),
                             **options.given(**columns)}  # fmt: skip
    asked = {"encoders": [encoder], "level": level, "fine_tune": fine_tune, "layers": layers}
    with _registry.answering(registry) as keep:
        if layers:
            compared = head.layers(**given)
            said = _heads.whole_layers(compared)
        else:
            choice = head.files(**given, fine_tune=fine_tune)
            said = _heads.whole(choice)
        keep("head", files=files, asked=asked, said=said)
    if layers:
        _heads.tell_layers(compared)
        output.rows([said] if style == "json" else list(compared.layers), style)
        return
    _heads.tell(choice)
    if figure is not None:
        _heads.draw(choice, figure)
    output.rows([said] if style == "json" else _heads.rows(choice), style)
    if _front.is_table(style):
        _heads.show(choice)
