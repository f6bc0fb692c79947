"""Write the rows of a registry, or of a part of it, as Parquet."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
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
from charz.steps._folders import file
from charz.store import Store

Columns = dict[str, Sequence[Any]]
_FORECASTS = ("metamodel", "evaluation", "importance", "prediction", "outcome")
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
                columns = self._packed(table, rows)
                packed = pa.Table.from_pydict(columns, schema)
                count += packed.num_rows
                if packed.num_rows:
                    writer.write_table(packed)
        return count

    def _parts(self, table: str) -> Iterator[list[RowMapping]]:
        """Yield a table's rows, the large ones encoder by encoder."""
        if table in self._left_out():
            return
        columns = TABLES[table]
        if _key(table)[0] != "encoder_id":
            yield self.store.rows(sa.select(columns))
            return
        for encoder in sorted(self.known["encoder"], key=self.known["encoder"].__getitem__):
            statement = sa.select(columns).where(columns.c["encoder_id"] == encoder)
            yield self.store.rows(statement)

    def _left_out(self) -> set[str]:
        partial = set(_FORECASTS) if self.chosen else set()
        return partial | (set() if self.artifacts else {"artifact", *portable.HASHES})

    def _packed(self, table: str, rows: list[RowMapping]) -> Columns:
        """Return the kept rows as they travel, by column, in the order of natural keys."""
        names = TABLES[table].c.keys()
        values = zip(*(row.values() for row in rows), strict=True) if rows else [()] * len(names)
        inside: Columns = dict(zip(names, values, strict=True))
        key = [self._outside(_field(table, name), inside[name]) for name in _key(table)]
        order = sorted(self._kept(table, inside), key=lambda at: tuple(each[at] for each in key))
        inside = {name: [column[at] for at in order] for name, column in inside.items()}
        self._number(table, inside)
        packed = {
            each.name: self._outside(each, inside[each.column.name])
            for each in portable.fields(table)
        }
        self._note(table, packed)
        return packed

    def _kept(self, table: str, inside: Columns) -> list[int]:
        """Return the places of the rows that are chosen and refer to kept rows alone."""
        rules: list[tuple[Sequence[Any], Container[Any]]] = [
            (inside[name], self.known.get(target, {})) for name, target in _required(table).items()
        ]
        if table in self.chosen:
            rules.append((inside["id"], self.chosen[table]))
        if table in _PROVENANCE and self.chosen:
            rules.append((inside[_key(table)[0]], self.used[table]))
        n_rows = len(next(iter(inside.values())))
        return [
            at for at in range(n_rows) if all(column[at] in allowed for column, allowed in rules)
        ]

    def _outside(self, each: portable.Field, values: Sequence[Any]) -> Sequence[Any]:
        """Return a column's values as they travel."""
        if each.refers is not None or each.column.name == "id":
            called = self.known.get(each.refers or each.column.table.name, {})
            return [called.get(value) for value in values]
        if _is_pointer(each) and not self.artifacts:
            return [None] * len(values)
        return [each.packed(value) for value in values] if each.is_json else values

    def _number(self, table: str, inside: Columns) -> None:
        """Give rows their names; those without one are numbered."""
        if portable.own_id(TABLES[table]):
            numbers = range(1, len(inside["id"]) + 1)
            called = inside[_key(table)[0]] if portable.is_named(table) else numbers
            self.known[table] = dict(zip(inside["id"], called, strict=True))

    def _note(self, table: str, packed: Columns) -> None:
        """Note which runs and artifacts the kept rows come from."""
        for each in portable.fields(table):
            kind = "run" if each.refers == "run" else "artifact" if _is_pointer(each) else None
            if kind is not None:
                self.used[kind].update(packed[each.name])


def _key(table: str) -> tuple[str, ...]:
    return natural_key(TABLES[table])


def _field(table: str, column: str) -> portable.Field:
    return next(each for each in portable.fields(table) if each.column.name == column)


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
