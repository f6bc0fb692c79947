"""``charz evaluate``: judge metamodels beside their baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command


@click.command(
    cls=Command,
    examples=(
        "charz evaluate",
        "charz evaluate --metric accuracy --item mixture --item ridge --workers 2",
        "charz evaluate --metric accuracy --hold-out groups --importance --figures figures",
    ),
)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME",
    help="accuracy, macro_f1 or log_loss. Repeatable. Default: all.",
)  # fmt: skip
@click.option(
    "--item", "items", multiple=True, metavar="NAME",
    help="A metamodel, from its shelf. Repeatable. Default: mixture.",
)  # fmt: skip
@click.option(
    "--hold-out", "hold_outs", multiple=True, type=click.Choice(["groups", "lineages", "both"]),
    help="What is not learned from. Repeatable. Default: each in turn.",
)  # fmt: skip
@click.option("--level", type=float, default=0.9, show_default=True, help="Promised coverage.")
@click.option(
    "--least-eval", type=click.IntRange(min=0), metavar="N",
    help="Judge rows of N eval rows or more. Default: 500 where there are any.",
)  # fmt: skip
@click.option(
    "--most-rows", type=click.IntRange(min=1), metavar="N",
    help="Thin the training table to N rows. Default: 24000.",
)  # fmt: skip
@click.option(
    "--folds", "n_folds", type=click.IntRange(min=2), metavar="N",
    help="Folds of dataset groups. Default: 5.",
)  # fmt: skip
@click.option("--importance", is_flag=True, help="What is each family of features worth? Slow.")
@click.option(
    "--figures", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Draw pictures into this folder, as PNG and SVG.",
)  # fmt: skip
@options.workers
@options.rows
@options.registry
def command(registry: str | None, style: str | None, **asked: Any) -> None:
    """Judge metamodels beside their baselines.

    Each row is predicted without its dataset group, its encoder lineage, or both. Prints and
    stores a row of figures for every method, way of holding out, setting and size of the
    training sample; 'charz query evaluation' shows them again, 'charz query importance' the
    worth of the features. 'mixture_told' is the mixture told of each row whether its eval texts
    come from the same source as the labelled ones, as by 'charz predict --domain'.
    """
    from charz.steps import evaluate

    if asked["figures"] is not None:
        from charz import pictures

        pictures.require()
    given = options.given(**{name: value for name, value in asked.items() if value != ()})
    with _registry.writing(registry) as store, _progress.shown() as progress:
        found = evaluate.run(store, progress=progress, **given)
    for note in found.summary.notes:
        output.talk(note)
    for path in found.pictures:
        output.talk(f"drew {path}")
    output.rows(found.rows, style)
