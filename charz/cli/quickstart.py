"""``charz quickstart``: from nothing to a first prediction that can be checked."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command

if TYPE_CHECKING:
    from charz.steps.quickstart import Quickstart

_BOARD = ("rank", "encoder", "is_control", "accuracy", "macro_f1", "log_loss", "n_tasks")


@click.command(
    cls=Command,
    examples=("charz quickstart", "charz quickstart --folder first --workers 2 --format json"),
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="PATH",
    help="Where everything goes. Default: quickstart in CHARZ_HOME.",
)
@options.workers
@options.rows
def command(folder: Path | None, workers: int, style: str | None) -> None:
    """Measure six encoders on two corpora and check a first prediction.

    Takes a minute or two; run it again and it does nothing twice. The registry, the picture
    and two CSV files to try 'charz predict' on stay in FOLDER, apart from other registries.
    """
    from charz import paths

    place = (folder or paths.home() / "quickstart").absolute()
    url = str(place / "charz.db")
    output.talk("six encoders, two corpora, a few hundred probes: a minute or two")
    with _registry.writing(url, create=True) as store, _progress.shown() as progress:
        from charz.steps import quickstart

        found = quickstart.run(store, place, workers=workers, progress=progress)
    rows = quickstart.table(found)
    if style in (None, "table"):
        _show(found, rows)
    else:
        output.rows(rows, style)
    _next(found, place)


def _show(found: Quickstart, rows: list[dict[str, Any]]) -> None:
    from charz import pictures

    forecast = found.forecast
    _head(
        f"what will {found.encoder} score on {found.dataset}, seen {forecast.n_train} labels "
        f"and {forecast.n_eval} unlabelled texts?"
    )
    output.rows(rows, "table")
    _head(_width(found))
    _head(f"the encoders at {forecast.n_train} labels, mean over both corpora")
    output.rows(found.leaderboard, "table", _BOARD)
    click.echo()
    room = shutil.get_terminal_size()
    click.echo(pictures.text(found.chart, max(60, min(room.columns, 90)), 20))


def _head(line: str) -> None:
    click.echo()
    output.talk(line)


def _width(found: Quickstart) -> str:
    """Say why the interval is as wide as it is."""
    n_groups, level = found.forecast.provenance["n_groups"], found.forecast.level
    least = math.ceil(level / (1 - level) - 1e-9)
    groups = "dataset group" if n_groups == 1 else "dataset groups"
    if n_groups >= least:
        return f"the {level:.0%} interval comes from {n_groups} {groups}; more make it narrower"
    return (
        f"the {level:.0%} interval is all there is: the metamodel saw {n_groups} {groups}, and "
        f"what holds for a new one takes {least} or more. Every group measured narrows it"
    )


def _next(found: Quickstart, place: Path) -> None:
    n_done = sum(summary.done for summary in found.done)
    did = f"{n_done} units of work" if n_done else "nothing was left to do"
    output.talk(f"{did}, {found.seconds:.0f} s; registry, artifacts and files are in {place}")
    output.talk(f"the picture: {found.picture}")
    output.talk("what to type next:")
    predict = f"--train {quote(str(found.labelled))} --eval {quote(str(found.unlabelled))}"
    for line in (
        f"export CHARZ_REGISTRY={quote(str(place / 'charz.db'))}",
        "charz status",
        "charz query leaderboard -p n=256",
        f"charz predict --encoder static:glove {predict}",
        "charz ingest encoder 'static:wordllama?dims=32' && charz update",
    ):
        click.echo(f"  {line}", err=True)
