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
    from charz.answers import Forecast
    from charz.steps.quickstart import Quickstart

_BOARD = ("rank", "encoder", "is_control", "accuracy", "macro_f1", "log_loss")


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
    """Measure six encoders on two corpora, check a prediction.

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
    _next(found, url)


def _show(found: Quickstart, rows: list[dict[str, Any]]) -> None:
    from charz import pictures

    n_train, n_eval = found.forecast.n_train, found.forecast.n_eval
    _head(
        f"how well will {found.encoder} do on {found.dataset}, from {n_train} labelled and "
        f"{n_eval} unlabelled texts?"
    )
    output.talk(
        f"asked of a metamodel without a row of {found.dataset} or of the encoder's lineage, "
        f"{found.lineage}"
    )
    output.rows(rows, "table")
    output.talk(_width(found.forecast))
    _head(f"the encoders at {n_train} labels, mean over both corpora")
    output.rows(found.leaderboard, "table", _BOARD)
    click.echo()
    room = shutil.get_terminal_size()
    click.echo(pictures.text(found.chart, max(60, min(room.columns, 90)), 20))


def _head(line: str) -> None:
    click.echo()
    output.talk(line)


def _width(forecast: Forecast) -> str:
    """Say why the interval is as wide as it is."""
    n_groups, level = forecast.provenance["n_groups"], forecast.level
    least = math.ceil(level / (1 - level) - 1e-9)
    if n_groups >= least:
        return f"the {level:.0%} interval holds for a new dataset; more groups make it narrower"
    return (
        f"why the {level:.0%} interval says nothing yet: to promise that for a new dataset takes "
        f"{least} groups of datasets, and this metamodel saw {n_groups}; more make it narrower"
    )


def _next(found: Quickstart, url: str) -> None:
    from charz import paths

    n_done = sum(summary.done for summary in found.done)
    did = f"{n_done} units of work done" if n_done else "nothing was left to do"
    click.echo(err=True)
    output.talk(f"{did}, {found.seconds:.0f} s")
    for what, where in (
        ("registry", url),
        ("artifacts", paths.artifact_root(paths.registry_url(url))),
        ("picture", str(found.picture)),
        ("this sample", f"{found.labelled} and {found.unlabelled.name}"),
    ):
        click.echo(f"  {what:<12} {where}", err=True)
    output.talk("what to type next:")
    files = f"--train {quote(str(found.labelled))} --eval {quote(str(found.unlabelled))}"
    for line in (
        f"export CHARZ_REGISTRY={quote(url)}",
        "charz status",
        "charz query leaderboard -p n=256",
        f"charz predict --encoder static:glove {files} --format json",
        "charz ingest encoder 'static:wordllama?dims=32' && charz update",
    ):
        click.echo(f"  {line}", err=True)
