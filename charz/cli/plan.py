"""``charz plan``: what to measure next."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _progress, _registry, _text, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.steps.plan import Plan


@click.command(
    cls=Command,
    examples=(
        "charz plan --budget 1h",
        "charz plan --task my_reviews --budget '5 cells' --open",
        "charz plan --train labelled.csv --measure static:wordllama --budget 30m",
    ),
)
@click.option("--budget", type=options.plan_budget, required=True, metavar="TIME|CELLS",
              help="What may be spent: 30m, 1h or '20 cells'.")  # fmt: skip
@click.option("--task", "dataset", metavar="DATASET", help="A dataset of the registry.")
@click.option("--train", metavar="FILE", help="Labelled texts, instead of a dataset.")
@options.measured
@options.task_facts
@click.option("--for", "goal", type=click.Choice(["best", "fill"]),
              help="Find the best encoder, or know all. Default: best for one task.")  # fmt: skip
@options.conditions
@options.record
@options.columns
@options.rows
@options.registry
def command(
    budget: tuple[float | None, int | None],
    dataset: str | None,
    train: str | None,
    measure: tuple[tuple[str, ...], ...],
    facts: dict[str, Any] | None,
    goal: str | None,
    record: str,
    registry: str | None,
    style: str | None,
    **others: Any,
) -> None:
    """Say which cells to run next, and when to stop.

    A cell is an encoder on a task under MTEB's protocol. For one task any encoder of the record
    that can be had may be proposed; without a task those of the registry are, on its datasets
    ('charz update --plan' runs them). First stands what is expected to bring most per second:
    accuracy of the encoder that would be chosen (best), or the fall of variance (fill).
    """
    if dataset is not None and train is not None:
        raise click.UsageError("give either --task or --train")
    if train is None and (measure or facts):
        raise click.UsageError("--measure and --facts need --train")
    from charz.steps import plan

    limits = {each: others.pop(each) for each in options.CONDITIONS}
    without = "planning by the record that ships"
    opened = _registry.if_any(registry, without) if train else _registry.reading(registry)
    seconds, cells = budget
    asked = plan.Budget(seconds or math.inf, cells or plan.MOST)
    with opened as store, _progress.shown() if train else nullcontext() as progress:
        found = plan.plan(
            store, asked, dataset=dataset, train=train,
            measure=[spec for part in measure for spec in part], facts=facts, goal=goal,
            limits=limits, record=record, progress=progress, **options.given(**others),
        )  # fmt: skip
    _tell(found)
    if style == "json":
        parts = ("goal", "before", "after", "is_worth", "cells", "notes")
        output.rows([{part: getattr(found, part) for part in parts}], style)
    else:
        output.rows(found.cells, style)


def _tell(found: Plan) -> None:
    for note in found.notes:
        output.talk(f"plan: {note}")
    what = {"best": "expected regret", "fill": "mean standard deviation of a score"}[found.goal]
    said = f"plan: {what} {100 * found.before:.1f} points"
    if found.cells:
        took = _text.duration(found.cells[-1]["total"])
        said += f", after these {len(found.cells)} cells ({took}) {100 * found.after:.1f}"
    output.talk(said)
    least = {"best": "gain 0.1 point", "fill": "lower the variance by half a percent"}[found.goal]
    if not found.is_worth:
        output.talk(f"plan: no other cell is expected to {least}: more measuring is not worth it")
    elif not found.cells:
        output.talk(f"plan: no cell that fits is expected to {least}: a larger budget has some")
