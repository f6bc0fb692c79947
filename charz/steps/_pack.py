"""Write the rows of a registry, or of a part of it, as Parquet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import RowMapping

from charz.artifacts import ArtifactStore
from charz.schema import TABLES, Dataset, Run, Split, Subset, natural_key
from charz.steps import _portable as portable
from charz.store import Store

_FORECASTS = ("metamodel", "prediction", "outcome")
_PROVENANCE = ("run", "artifact")


@dataclass
class Packer:
    """One export.

    ``chosen`` keeps only some rows of a table, by id; what refers to a row that is left out
    is left out too. ``known`` maps the ids of kept rows to what they are called outside.
    """

    store: Store
    folder: Path
    chosen: Mapping[str, set[int]]
    artifacts: bool
    known: dict[str, dict[int, Any]] = field(default_factory=dict)
    used: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in _PROVENANCE})

    def pack(self) -> dict[str, int]:
        """Write a file for every table that travels; return their row counts."""
        for row in self.store.rows(sa.select(Run.id, Run.key)):
            self.known.setdefault("run", {})[row["id"]] = row["key"]
        last = [name for name in portable.TRAVELS if name in _PROVENANCE]
        first = [name for name in portable.TRAVELS if name not in _PROVENANCE]
        return {table: self._write(table) for table in (*first, *last)}

    def _write(self, table: str) -> int:
        count, schema = 0, portable.arrow(table)
        with pq.ParquetWriter(file(self.folder, table), schema, compression="zstd") as writer:
            for rows in self._parts(table):
                packed = self._packed(table, rows)
                count += len(packed)
                if packed:
                    writer.write_table(pa.Table.from_pylist(packed, schema))
        return count

    def _parts(self, table: str) -> Iterator[list[RowMapping]]:
        """Yield a table's rows, the large ones encoder by encoder."""
        if table in self._left_out():
            return
        columns = TABLES[table]
        if natural_key(columns)[0] != "encoder_id":
            yield self.store.rows(sa.select(columns))
            return
        for encoder in sorted(self.known["encoder"], key=self.known["encoder"].__getitem__):
            statement = sa.select(columns).where(columns.c["encoder_id"] == encoder)
            yield self.store.rows(statement)

    def _left_out(self) -> set[str]:
        partial = set(_FORECASTS) if self.chosen else set()
        return partial | (set() if self.artifacts else {"artifact", *portable.HASHES})

    def _packed(self, table: str, rows: list[RowMapping]) -> list[dict[str, Any]]:
        """Return kept rows as they travel, in the order of their natural keys."""
        fields = portable.fields(table)
        kept = [(row, self._outside(fields, row)) for row in rows if self._keeps(table, row)]
        names = {each.column.name: each.name for each in fields}
        order = [names[column] for column in natural_key(TABLES[table])]
        kept.sort(key=lambda pair: tuple(pair[1][name] for name in order))
        self._number(table, kept)
        packed = [outside for _, outside in kept]
        self._note(table, packed)
        return packed

    def _keeps(self, table: str, row: RowMapping) -> bool:
        if table in self.chosen and row["id"] not in self.chosen[table]:
            return False
        if table in _PROVENANCE and self.chosen:
            return row[natural_key(TABLES[table])[0]] in self.used[table]
        return all(
            row[name] in self.known.get(target, {})
            for name, target in _required(table).items()
        )  # fmt: skip

    def _outside(self, fields: list[portable.Field], row: RowMapping) -> dict[str, Any]:
        outside = {}
        for each in fields:
            value = each.packed(row[each.column.name])
            if each.refers is not None and each.refers != each.column.table.name:
                value = self.known.get(each.refers, {}).get(value)
            outside[each.name] = value if self.artifacts or not _is_pointer(each) else None
        return outside

    def _number(self, table: str, kept: list[tuple[RowMapping, dict[str, Any]]]) -> None:
        """Give rows their names; those without one are numbered."""
        if not portable.own_id(TABLES[table]):
            return
        if portable.is_named(table):
            (name,) = natural_key(TABLES[table])
            self.known[table] = {row["id"]: row[name] for row, _ in kept}
            return
        numbers = {row["id"]: number for number, (row, _) in enumerate(kept, start=1)}
        self.known[table] = numbers
        for row, outside in kept:
            outside["id"] = numbers[row["id"]]
            if "parent_id" in outside:
                outside["parent_id"] = numbers.get(row["parent_id"])

    def _note(self, table: str, packed: list[dict[str, Any]]) -> None:
        """Note which runs and artifacts the kept rows come from."""
        for each in portable.fields(table):
            kind = "run" if each.refers == "run" else "artifact" if _is_pointer(each) else None
            if kind is not None:
                self.used[kind] |= {row[each.name] for row in packed}


def _required(table: str) -> dict[str, str]:
    """Return the columns that must name a row, with its table."""
    return {
        each.column.name: each.refers
        for each in portable.fields(table)
        if each.refers is not None and not each.column.nullable
    }


def _is_pointer(each: portable.Field) -> bool:
    return any(key.column.table.name == "artifact" for key in each.column.foreign_keys)


def protocols_of(store: Store, datasets: set[int]) -> set[int]:
    """Return the protocols that drew from some of these datasets."""
    statement = (
        sa.select(Subset.protocol_id)
        .join(Split, Split.id == Subset.split_id)
        .join(Dataset, Dataset.id == Split.dataset_id)
        .distinct()
    )
    rows = store.rows(statement.where(Dataset.id.in_(datasets)))
    return {row["protocol_id"] for row in rows}


def copy_artifacts(source: ArtifactStore, target: ArtifactStore, folder: Path) -> int:
    """Copy the artifacts listed in a folder, verified; return how many."""
    listed = pq.read_table(file(folder, "artifact"), columns=["hash", "suffix"]).to_pylist()
    for row in listed:
        target.copy(source, row["hash"], row["suffix"])
    return len(listed)


def file(folder: Path, table: str) -> Path:
    """Return where a table lies in an export."""
    return folder / f"{table}.parquet"


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
