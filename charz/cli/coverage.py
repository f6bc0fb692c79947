"""``charz coverage``: what of a domain the labelled examples cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._front import is_table
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.answers import Coverage


@click.command(
    cls=Command,
    examples=(
        "charz coverage --encoder tfidf: --train labelled.csv --eval new.csv",
        "charz coverage --encoder tfidf: --train a.csv --eval b.csv --figure coverage.png",
    ),
)
@click.option("--encoder", required=True, metavar="SPEC", help="KIND:NAME[@REV][?options].")
@click.option("--train", required=True, metavar="FILE", help="The labelled sample.")
@click.option("--eval", "eval_", required=True, metavar="FILE", help="Texts; labels unneeded.")
@click.option("--regions", "n_regions", type=click.IntRange(1, 200), metavar="K",
              help="How many regions. Default: one for every 60 eval texts, 1 to 12.")  # fmt: skip
@click.option("--level", type=options.level, default="0.9", show_default=True,
              metavar="SHARE", help="Coverage of the intervals.")  # fmt: skip
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), metavar="PATH",
              help="Draw a map of the space into this file: .png, .svg or .pdf.")  # fmt: skip
@options.columns
@options.rows
@options.registry
def command(
    encoder: str,
    train: str,
    eval_: str,
    n_regions: int | None,
    level: float,
    figure: Path | None,
    registry: str | None,
    style: str | None,
    **columns: str | None,
) -> None:
    """Show what of a domain labelled texts cover, and what it costs.

    One row per region of the space, the one with the largest expected error first: its
    distinctive words, eval and labelled texts in it, the share of eval texts within the radius
    of a labelled one, and the accuracy that a probe is expected to reach there, with an interval.
    A table comes with a map of the space in characters.
    JSON has one object with all that is known: classes, signs of shift, examples, labels. A
    registry keeps it, less the texts.
    """
    if figure is not None:
        from charz import pictures

        pictures.drawable(figure)
    from charz.steps import coverage

    asked: dict[str, Any] = {"n_regions": n_regions, "level": level}
    files: dict[str, Any] = {"train": train, "eval": eval_}
    with _registry.answering(registry) as keep:
        found = coverage.files(encoder=encoder, **files, **asked, **options.given(**columns))
        asked["encoders"] = [encoder]
        keep("coverage", files=files, asked=asked, said=_whole(found))
    if figure is not None:
        from charz.pictures import coverage as picture

        output.talk(f"coverage: drew {picture.save(found, figure)}")
    if style == "json":
        output.rows([_whole(found)], style)
        return
    _say(found)
    if is_table(style):
        _draw(found)
    output.rows([_row(region) for region in _plain(found.regions)], style)


def _whole(found: Coverage) -> dict[str, Any]:
    """Return all but the places of single rows."""
    from dataclasses import asdict, replace

    whole = asdict(replace(found, plane=None))
    del whole["plane"]
    return whole


def _plain(records: tuple[Any, ...]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(record) for record in records]


def _row(region: dict[str, Any]) -> dict[str, Any]:
    shown = ("number", "name", "status", "n_eval", "n_train", "covered", "accuracy", "low", "high",
             "nearest")  # fmt: skip
    first = region["examples"][:1]
    return {name: region[name] for name in shown} | {"example": first[0][:120] if first else None}


def _say(found: Coverage) -> None:
    """Say on stderr what is true of all regions together."""
    output.talk(
        f"coverage: {found.covered:.0%} of {found.n_eval} eval texts lie within {found.radius:.3g} "
        f"of one of {found.n_train} labelled ones, as 95% of these lie to each other"
    )
    shares = ", ".join(
        f"{each.label[:40]} {each.covered:.0%} of {each.n_eval}"
        for each in found.classes[:8] if each.n_eval
    )  # fmt: skip
    more = len(found.classes) - 8
    output.talk(f"coverage: by predicted class: {shares}" + (f"; {more} more" if more > 0 else ""))
    shift = ", ".join(f"{name} {value:.2f}" for name, value in found.shift.items())
    output.talk(f"coverage: shift: {shift}; expected accuracy {found.accuracy:.0%}")
    for note in found.notes:
        output.talk(f"coverage: {note}")


def _draw(found: Coverage) -> None:
    """Draw the space on stderr, above the table."""
    from charz.cli import _plane

    if found.plane is not None:
        for line in (*_plane.lines(found.plane), "", _plane.LEGEND, ""):
            click.echo(line, err=True)
