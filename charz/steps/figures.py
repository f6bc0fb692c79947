"""Figures: what a registry measured, for others to learn from, in few bytes.

A folder of figures holds results and feature values with the names of what they are about,
and a card. It holds no text, no embedding and no list of a subset's rows, names no run and no
folder of the machine, and its numbers are rounded. Such a folder ships with charz: the
reference.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

import charz
from charz import paths, pending
from charz.columns import now
from charz.errors import InputError
from charz.records import Progress, Silence, Summary
from charz.schema import TABLES
from charz.steps import _card, _folders, _gather, _lean, _settle
from charz.store import Store

CARD = "card.json"
PAGE = "CARD.md"
_LARGE = ("result", "feature_value")


def reference() -> Path:
    """Return the folder of the figures that ship with charz.

    Raises
    ------
    InputError
        When this build ships none.
    """
    place = paths.PACKAGE / "reference"
    if not (place / CARD).is_file():
        raise InputError(
            "this build ships no reference data",
            "install a release of charz, or import a folder of 'charz export --figures'",
        )
    return place


def export(store: Store, folder: str | Path, *, public: Mapping[str, str] | None = None) -> Summary:
    """Write the figures of a registry to a new folder.

    The same rows give the same bytes, whatever their ids, with the same version of pyarrow.

    Parameters
    ----------
    store : Store
        The registry; results that it imported from others' archives stay behind.
    folder : str or Path
        Where to; it must not be there yet, and is there only once it is whole.
    public : mapping, optional
        Public names of encoders by the folders that they were measured from (the folder as
        the spec has it, or its last part).

    Returns
    -------
    Summary
        The rows written; a value of a feature counts as one.

    Raises
    ------
    InputError
        When nothing was measured, the folder is there already or cannot be written, or a row
        names a folder of this machine.
    """
    start, place = time.monotonic(), Path(folder).absolute()
    tables = _gather.gather(store, public or {})
    facts = _card.card(tables)
    with _folders.new_folder(place) as growing:
        for name, table in tables.items():
            path = _folders.file(growing, name)
            _lean.write(path, table, repeated=("chosen",))
        facts["files"] = {
            path.name: {"bytes": path.stat().st_size, "sha256": _folders.sha256(path)}
            for path in sorted(growing.iterdir())
        }
        (growing / CARD).write_text(_json(facts), encoding="utf-8")
        (growing / PAGE).write_text(page(facts), encoding="utf-8")
    counts = facts["rows"] | {"feature_value": facts["values"]}
    notes = tuple(f"{table}: {count}" for table, count in counts.items() if count)
    return Summary("export", sum(counts.values()), seconds=time.monotonic() - start, notes=notes)


def page(facts: Mapping[str, Any]) -> str:
    """Return a card as a page to read; ``facts`` are what ``card.json`` holds."""
    return "# What these figures are\n\n" + _card.markdown(facts)


def load(
    store: Store, folder: str | Path | None = None, *, progress: Progress | None = None
) -> Summary:
    """Bring figures into a registry: all of them, or nothing.

    What the registry measured itself stays as it is. The encoders, datasets and protocols that
    come along ask for no work: only once they are ingested or declared here do steps look at
    them.

    Parameters
    ----------
    store : Store
    folder : str or Path, optional
        A folder of figures; default: the reference that ships with charz.

    Returns
    -------
    Summary
        The new rows, with their numbers by table, and where the registry says otherwise.

    Raises
    ------
    InputError
        When this build ships no reference, or the folder is no folder of figures, or damaged.
    """
    start, place = time.monotonic(), reference() if folder is None else Path(folder).absolute()
    with _folders.refusals(place):
        facts, key = _facts(place)
        if _is_here(store, key):
            return Summary("import", seconds=time.monotonic() - start)
        tables = {name: _read(place, name, facts) for name in _gather.TABLES_OF}
        progress = progress or Silence()
        progress.start("import", sum(tables[name].num_rows for name in _LARGE), "rows")
        with store.write() as writer:
            run_id = writer.ensure("run", _run(key))
            settler = _settle.Settler(writer, tables, run_id, progress.advance)
            counts = settler.settle()
            run = TABLES["run"]
            arguments = {"charz": facts["charz"], "new": _written(writer.rows, run_id)}
            writer.execute(run.update().where(run.c.id == run_id).values(arguments=arguments))
    notes = tuple(f"{table}: {count}" for table, count in counts.items() if count)
    seconds = time.monotonic() - start
    return Summary("import", sum(counts.values()), seconds=seconds, notes=(*notes, *settler.notes))


def _json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def _facts(place: Path) -> tuple[dict[str, Any], str]:
    """Return the card, every file held to it, and a key that tells these figures from others."""
    path = place / CARD
    if not path.is_file():
        raise InputError(
            f"{place} is no folder of figures", "give one that 'charz export --figures' wrote"
        )
    content = path.read_bytes()
    facts: dict[str, Any] = json.loads(content)
    if facts["format"] != _card.FORMAT:
        raise InputError(f"{place} has figures of another format", "install a newer charz")
    for name in _gather.TABLES_OF:
        file = _folders.file(place, name)
        _folders.hold(file, facts["files"][file.name]["sha256"])
    return facts, hashlib.sha256(content).hexdigest()[:32]


def _read(place: Path, name: str, facts: Mapping[str, Any]) -> pa.Table:
    path = _folders.file(place, name)
    table = pq.read_table(path)
    if not table.schema.equals(_gather.schema(name, facts["features"])):
        raise InputError(f"{path} has other columns than charz writes", "export it anew")
    return table


def _run(key: str) -> dict[str, Any]:
    when = now()
    return {
        "key": key,
        "command": pending.REFERENCE,
        "arguments": {},
        "version": charz.__version__,
        "host": "",
        "status": "done",
        "started_at": when,
        "ended_at": when,
    }


def _is_here(store: Store, key: str) -> bool:
    """Return whether figures were imported before and all that was written then is there."""
    run = store.row("run", key=key)
    return run is not None and run["arguments"].get("new") == _written(store.rows, run["id"])


def _written(rows: Any, run_id: int) -> dict[str, int]:
    """Return how many results and values a run wrote."""
    counts = {}
    for name in _LARGE:
        table = TABLES[name]
        statement = sa.select(sa.func.count().label("n")).where(table.c.run_id == run_id)
        counts[name] = int(rows(statement)[0]["n"])
    return counts
