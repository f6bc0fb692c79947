"""``charz label``: what to label next, and when to stop."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from charz.answers import Advice, Gain
    from charz.steps.label import Labelling


_ENOUGH = "eight texts of two classes"
"""What an expected gain needs."""


@click.command(
    cls=Command,
    examples=(
        "charz label --encoder static:glove --pool texts.csv --budget 50",
        "charz label --encoder static:glove --pool texts.csv --labelled next.csv --stop-below 1",
    ),
)
@click.option("--encoder", required=True, metavar="SPEC", help="KIND:NAME[@REV][?options].")
@click.option("--pool", required=True, metavar="FILE",
              help="The texts; those with a label are labelled.")  # fmt: skip
@click.option("--labelled", multiple=True, metavar="FILE",
              help="Labelled texts, of the pool or others. Repeatable.")  # fmt: skip
@click.option("--budget", type=click.IntRange(1), default=50, show_default=True,
              help="Texts to suggest.")  # fmt: skip
@click.option("--strategy", default="auto", show_default=True, metavar="NAME",
              help="How to choose; auto takes what did best on pools like this.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is left to chance.")
@click.option("--stop-below", type=click.FloatRange(0, 100, min_open=True), metavar="POINTS",
              help="Say stop where the rest is not likely to gain as much.")  # fmt: skip
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), metavar="PATH",
              help="Draw what labels are expected to gain: .png, .svg or .pdf.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoder: str,
    pool: str,
    labelled: tuple[str, ...],
    budget: int,
    strategy: str,
    seed: int,
    stop_below: float | None,
    figure: Path | None,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Say which texts to label next, and when to stop.

    One row per text: its row in the pool's file (the first is 0), the text, an empty label, its
    rank, the strategy and why it was chosen. Fill in labels, there or in the pool, and ask again:
    it goes on where it was. What the labels are expected to gain, in points of accuracy, goes to
    stderr. A registry keeps the answer, less the texts.
    """
    if figure is not None:
        from charz import pictures

        pictures.drawable(figure)
    from charz.steps import label

    named = options.given(**columns)
    asked: dict[str, Any] = {
        "budget": budget,
        "strategy": strategy,
        "seed": seed,
        "stop_below": stop_below,
    }
    files: dict[str, Any] = {"pool": pool, "labelled": labelled}
    with _registry.answering(registry) as keep:
        found = label.files(encoder=encoder, **files, **asked, **named)
        keep("label", files=files, asked=asked | {"encoders": [encoder]}, said=asdict(found.advice))
    _write(found, style, named)
    _talk(found, budget, stop_below)
    if figure is not None:
        _draw(found, figure)


def _draw(found: Labelling, figure: Path) -> None:
    from charz import pictures
    from charz.pictures import labelling

    if not found.advice.outlook:
        output.talk(f"there is nothing to draw until {_ENOUGH} are labelled")
        return
    chart = labelling.outlook(found.advice)
    width = max(60, min(shutil.get_terminal_size().columns, 90))
    click.echo(pictures.text(chart, width, 20), err=True)
    output.talk(f"drawn in {pictures.save(chart, figure)}")


def _write(found: Labelling, style: str | None, columns: Mapping[str, str]) -> None:
    """Write rows in the columns of the files, so that they can be filled in and read again."""
    examples = found.examples
    names = ["row", columns.get("text_column", "text")]
    texts: list[Sequence[str]] = [examples.texts]
    if examples.pairs is not None:
        names.append(columns.get("pair_column", "text_pair"))
        texts.append(examples.pairs)
    names += [columns.get("label_column", "label"), "rank", "strategy", "reason"]
    rows = [
        dict(zip(names, (each.row, *of, "", each.rank, each.strategy, each.reason), strict=True))
        for each, *of in zip(found.advice.suggestions, *texts, strict=True)
    ]
    output.rows(rows, style, names)


def _talk(found: Labelling, budget: int, stop_below: float | None) -> None:
    advice = found.advice
    for file, reasons in found.skipped.items():
        for reason, count in sorted(reasons.items()):
            output.talk(f"{count} rows of '{file}' left out: {reason}")
    classes = "class" if advice.n_classes == 1 else "classes"
    known = f"{advice.n_labelled} texts of {advice.n_classes} {classes} labelled"
    if not advice.n_left:
        output.talk(f"{known}, nothing is left to label")
        return
    output.talk(f"{known}, {advice.n_left} different ones left; {advice.strategy}: {advice.why}")
    if (instead := advice.suggestions[0].strategy) != advice.strategy:
        output.talk(f"{instead} picks in its place until two classes are labelled")
    if len(advice.suggestions) < budget:
        output.talk(f"there are only {len(advice.suggestions)} different texts left to label")
    if not advice.outlook:
        output.talk(f"what they gain can be said once {_ENOUGH} are labelled")
    else:
        _expect(advice, stop_below)


def _expect(advice: Advice, stop_below: float | None) -> None:
    output.talk(f"these are expected to gain {_points(advice.outlook[0])}")
    output.talk(f"all that is left, {_points(advice.outlook[-1])}")
    if stop_below is not None:
        verdict = "stop here: the rest is not likely to" if advice.stop else "go on: the rest may"
        output.talk(f"{verdict} gain {stop_below:g} points")


def _points(gain: Gain) -> str:
    return (
        f"{gain.value:.1f} points of accuracy, {gain.level:.0%} interval {gain.low:.1f} to "
        f"{gain.high:.1f}, from {gain.n_from} to {gain.n_to} labels"
    )
