"""``charz query``: questions to the registry, in SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command
from charz.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_STYLES = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".parquet": "parquet"}


@click.command(
    cls=Command,
    examples=(
        "charz query",
        "charz query NAME -p dataset=ag_news --format csv",
        "charz query --sql 'SELECT spec, n_dims FROM encoder ORDER BY spec'",
        "charz query --sql 'SELECT * FROM result' --output results.parquet",
    ),
)
@click.argument("name", required=False)
@click.option("--sql", metavar="SELECT", help="A query of your own; $name stands for -p name.")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    type=options.setting,
    multiple=True,
    callback=options.settings,
    metavar="KEY=VALUE",
    help="A parameter of the query. Repeatable.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json", "ndjson", "parquet"]),
    help="How to write rows. Default: by --output; table on a terminal, else csv.",
)
@click.option("--output", "target", metavar="FILE", help="Write here instead of stdout.")
@options.registry
def command(
    name: str | None,
    sql: str | None,
    parameters: dict[str, str],
    style: str | None,
    target: str | None,
    registry: str | None,
) -> None:
    """Ask the registry a question, by name or in SQL.

    Without either, lists the queries that come with charz; a parameter with ! must be given,
    and --format json tells their types, defaults and columns. Read-only; SQL
    is that of DuckDB, over the tables of docs/schema.md.
    """
    if name is not None and sql is not None:
        raise click.UsageError("give a NAME or --sql, not both")
    path = Path(target) if target is not None else None
    style = _style(style, path)
    from charz.steps import query

    if name is None and sql is None:
        _put(_catalogue(query.catalogue(), nested=style in ("json", "ndjson")), style, path)
        return
    values = parameters if sql is None else options.as_json(parameters)
    with _registry.reading(registry) as store:
        frame = query.run(store, name=name, sql=sql, parameters=values)
    _put(frame, style, path)


def _style(style: str | None, path: Path | None) -> str | None:
    chosen = style or (_STYLES.get(path.suffix.lower(), "csv") if path else None)
    if chosen == "parquet" and path is None:
        raise click.UsageError("Parquet goes to a file: name it with --output")
    if chosen == "table" and path is not None:
        raise click.UsageError("a table is for the terminal; write csv, json, ndjson or parquet")
    return chosen


def _catalogue(found: list[dict[str, Any]], *, nested: bool) -> pd.DataFrame:
    import pandas as pd

    rows = found if nested else [_listed(entry) for entry in found]
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["name", "question", "parameters"])


def _listed(entry: dict[str, Any]) -> dict[str, str]:
    """Return an entry of the catalogue in three cells; ``n!`` is a parameter that must be given."""
    needs = (each["name"] + "!" * (each["default"] is None) for each in entry["parameters"])
    return {"name": entry["name"], "question": entry["question"], "parameters": ", ".join(needs)}


def _put(frame: pd.DataFrame, style: str | None, path: Path | None) -> None:
    columns = [str(name) for name in frame.columns]
    rows = [
        dict(zip(columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)
    ]
    if path is None:
        output.rows(rows, style, columns)
        return
    _write(frame, rows, columns, style, path)
    output.talk(f"{len(rows)} rows in {path}")


def _write(
    frame: pd.DataFrame,
    rows: list[dict[str, Any]],
    columns: list[str],
    style: str | None,
    path: Path,
) -> None:
    if not path.parent.is_dir():
        raise InputError(f"there is no folder '{path.parent}'", "make it, or check the path")
    temporary = path.with_name(f"{path.name}.part")
    try:
        if style == "parquet":
            frame.to_parquet(temporary, index=False)
        else:
            temporary.write_text(output.text(rows, style or "csv", columns), encoding="utf-8")
        temporary.replace(path)  # a half-written file never bears the name that was asked for
    finally:
        temporary.unlink(missing_ok=True)
