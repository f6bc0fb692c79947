"""Published: results that others made public enter the registry.

Reads a folder of MTEB's results; writes encoders and datasets that are names and facts alone, the
protocol ``mteb`` with one training subset per draw and task, a result for every single draw and an
entry for every line. It is all one transaction. Reading the same again changes nothing; of two
lines for one encoder and task the better stays (`charz.published._choose`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import charz
from charz import paths, pending, published
from charz.columns import now
from charz.records import Progress, Silence, Summary
from charz.schema import TABLES
from charz.steps import _entries
from charz.store import Store, Writer

SHIPPED = paths.PACKAGE / "reference" / "mteb"
"""The folder of the record that ships with charz."""
_TOLD = 8


def mteb(store: Store, folder: str | Path, *, progress: Progress | None = None) -> Summary:
    """Bring MTEB's published results of text classification into a registry.

    The encoders and datasets that come along ask for no work, and no metamodel learns from the
    results: their origin is ``mteb``, and no text of theirs is here.

    Parameters
    ----------
    store : Store
    folder : str or Path
        See `charz.published.read`. What its tasks and encoders are is taken from the record that
        ships with charz where the folder has no tables of its own.

    Returns
    -------
    Summary
        The new results and entries, the rows that are new by table, and what was left out: how
        many lines for each reason, and the names that they are about. Every name is in the
        arguments of the run, under ``left_out``.

    Raises
    ------
    InputError
        When the folder is none of results, damaged, or in contradiction to the registry.
    """
    start = time.monotonic()
    reading = published.read(folder, SHIPPED)
    progress = progress or Silence()
    progress.start("ingest", len(reading.lines), "lines")
    with store.write() as writer:
        filer = _entries.Filer(writer, reading, store.run_id, progress.advance)
        counts = filer.file()
        _remember(writer, store.run_id, reading.skipped.reasons)
    notes = [f"{table}: {count}" for table, count in counts.items() if count]
    notes += [_told(reason, names) for reason, names in reading.skipped.reasons.items()]
    done = counts["result"] + counts["entry"] + counts["replaced entry"]
    return Summary("ingest", done, seconds=time.monotonic() - start, notes=tuple(notes))


def shipped(store: Store, *, progress: Progress | None = None) -> Summary | None:
    """Bring in the record that ships with charz; None when this build ships none."""
    if not (SHIPPED / "results.parquet").is_file():
        return None
    key = "mteb-" + _entries.digest(SHIPPED / "results.parquet")
    there = store.row("run", key=key)
    if there is not None and there["status"] == "done":
        return Summary("ingest")
    outer = store.run_id
    with store.write() as writer:
        store.run_id = run_id = writer.ensure("run", _run(key))
    try:
        done = mteb(store, SHIPPED, progress=progress)
    finally:
        store.run_id = outer
    run = TABLES["run"]
    with store.write() as writer:
        writer.execute(run.update().where(run.c.id == run_id).values(status="done", ended_at=now()))
    return done


def _run(key: str) -> dict[str, Any]:
    return {
        "key": key,
        "command": pending.REFERENCE,
        "arguments": {},
        "version": charz.__version__,
        "host": "",
        "status": "running",
        "started_at": now(),
        "ended_at": None,
    }


def _remember(writer: Writer, run_id: int | None, reasons: Mapping[str, Counter[str]]) -> None:
    """Keep every name that was left out with the run."""
    if run_id is None or not reasons:
        return
    run = TABLES["run"]
    (row,) = writer.rows(run.select().where(run.c.id == run_id))
    left_out = {reason: dict(names) for reason, names in reasons.items()}
    arguments = {**row["arguments"], "left_out": left_out}
    writer.execute(run.update().where(run.c.id == run_id).values(arguments=arguments))


def _told(reason: str, names: Counter[str]) -> str:
    shown = ", ".join(sorted(names)[:_TOLD])
    rest = f" and {len(names) - _TOLD} others" if len(names) > _TOLD else ""
    return f"left out, {reason}: {names.total()} ({shown}{rest})"
