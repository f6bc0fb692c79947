"""Transfer: a registry, or part of it, as a folder of Parquet files, and back.

The folder has one file per table and a manifest with the hash of each, and, when asked for,
the artifacts. No id leaves the registry: rows are known by their natural keys, so an import
merges, may be repeated, and carries rows from SQLite to PostgreSQL or back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import charz
from charz import store as stores
from charz.artifacts import ArtifactStore
from charz.errors import InputError
from charz.records import Summary
from charz.steps import _filters, _folders, _pack, _portable, _unpack
from charz.store import Store


def export(
    store: Store,
    folder: str | Path,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    artifacts: bool = False,
) -> Summary:
    """Write a registry to a new folder.

    Parameters
    ----------
    store : Store
        The registry.
    folder : str or Path
        Where to; it must not be there yet, and is there only once it is whole.
    encoders, datasets : sequence of str
        Specs and names, or patterns with ``*``: only these and what was measured on them.
        Metamodels and predictions, which are about a whole registry, then stay out.
    artifacts : bool
        Take texts, vectors, draws and metamodels along. Without them results and features
        travel alone: nothing can be measured anew from the folder.

    Returns
    -------
    Summary
        The rows written; failures stay behind.

    Raises
    ------
    InputError
        When the folder is there already or cannot be written.
    UnknownNameError
        When a pattern matches nothing.
    ArtifactError
        When an artifact to take along is missing or damaged.
    """
    start, place = time.monotonic(), Path(folder).absolute()
    chosen = _chosen(store, encoders, datasets)
    with _folders.new_folder(place) as growing:
        counts = _pack.Packer(store, growing, chosen, artifacts).pack()
        if artifacts:
            target = ArtifactStore(str(growing / "artifacts"))
            _pack.copy_artifacts(store.artifacts, target, growing)
        _write_manifest(growing, counts, artifacts)
    notes = tuple(f"{table}: {count}" for table, count in counts.items() if count)
    return Summary("export", sum(counts.values()), seconds=time.monotonic() - start, notes=notes)


def load(store: Store, folder: str | Path) -> Summary:
    """Merge an exported folder into a registry: all of it, or nothing.

    A row that the registry has (by its natural key) stays as it is; importing twice adds
    nothing.

    Returns
    -------
    Summary
        The new rows, with their numbers by table.

    Raises
    ------
    InputError
        When the folder is no export, is damaged or of another schema, or when a dataset,
        encoder, protocol or subset of the same name is another one here.
    """
    start, place = time.monotonic(), Path(folder).absolute()
    with _folders.refusals(place):
        manifest = _manifest(place)
        if manifest["artifacts"]:
            source = ArtifactStore(str(place / "artifacts"))
            _pack.copy_artifacts(source, store.artifacts, place)
        with store.write() as writer:
            unpacker = _unpack.Unpacker(writer, place)
            counts = {table: unpacker.unpack(table) for table in _portable.TRAVELS}
    notes = tuple(f"{table}: {count}" for table, count in counts.items() if count)
    return Summary("import", sum(counts.values()), seconds=time.monotonic() - start, notes=notes)


def _chosen(
    store: Store, encoders: Sequence[str], datasets: Sequence[str]
) -> Mapping[str, set[int]]:
    chosen = {}
    if encoders:
        chosen["encoder"] = set(_filters.encoders(store, encoders))
    if datasets:
        chosen["dataset"] = set(_filters.datasets(store, datasets))
        chosen["protocol"] = _pack.protocols_of(store, chosen["dataset"])
    return chosen


def _write_manifest(folder: Path, counts: Mapping[str, int], artifacts: bool) -> None:
    tables = {
        table: {"rows": count, "sha256": _folders.sha256(_folders.file(folder, table))}
        for table, count in counts.items()
    }
    manifest = {
        "format": _portable.FORMAT,
        "charz": charz.__version__,
        "schema": stores.head(),
        "artifacts": artifacts,
        "tables": dict(sorted(tables.items())),
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / _portable.MANIFEST).write_text(text, encoding="utf-8")


def _manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest and hold every file to it, before anything else is read."""
    path = folder / _portable.MANIFEST
    if not path.is_file():
        raise InputError(f"{folder} is no export of charz", "give a folder that it wrote")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if manifest["format"] != _portable.FORMAT or manifest["schema"] != stores.head():
        raise InputError(
            f"{folder} was exported by charz {manifest['charz']} with schema "
            f"{manifest['schema']}, this one knows {stores.head()}",
            "bring both registries to the same charz and export again",
        )
    if set(manifest["tables"]) != set(_portable.TRAVELS):
        raise InputError(f"{path} does not list the tables of charz", "export it anew")
    for table, entry in manifest["tables"].items():
        _folders.hold(_folders.file(folder, table), entry["sha256"])
    return manifest
