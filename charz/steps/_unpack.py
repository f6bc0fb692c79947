"""Read exported rows into a registry: what is there already is kept as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pyarrow.parquet as pq
import sqlalchemy as sa

from charz.errors import InputError
from charz.schema import TABLES, natural_key
from charz.steps import _portable as portable
from charz.steps._folders import file
from charz.store import Writer

_BATCH = 20_000
_SAME = {
    "encoder": ("fingerprint",),
    "dataset": ("fingerprint",),
    "protocol": ("sampler", "parameters"),
    "subset": ("members_hash",),
}
"""What must agree where both registries have a row, for their results to mean the same."""
_FILLED = {"split": "examples_hash", "subset": "members_hash"}
"""What an earlier import without artifacts left open."""
_WITHIN = ("parent_id", "base_id")
"""Columns that name a row of their own table."""
_FORMS = {"hash": re.compile(r"[0-9a-f]{64}"), "suffix": re.compile(r"\.(npy|npz|parquet)")}

Rows = list[dict[str, Any]]


@dataclass
class Unpacker:
    """One import, in one transaction; ``ids`` maps what rows are called to their ids here."""

    writer: Writer
    folder: Path
    ids: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def unpack(self, table: str) -> int:
        """Bring in a table; return how many of its rows are new."""
        if not portable.own_id(TABLES[table]):
            return sum(self.writer.put(table, rows) for rows in self._read(table))
        rows = [row for part in self._read(table) for row in part]
        self._insist_on_agreement(table, rows)
        self.ids[table] = {None: None}
        new = sum(self._put(table, part) for part in self._parents_first(table, rows))
        self._fill(table, rows)
        return new

    def _read(self, table: str) -> Iterator[Rows]:
        """Yield rows ready to be put, but for their own numbers."""
        fields, opened = portable.fields(table), pq.ParquetFile(file(self.folder, table))
        if not opened.schema_arrow.equals(portable.arrow(table)):
            self._refuse(table, "has other columns than charz exports")
        for batch in opened.iter_batches(_BATCH):
            columns = {
                each.column.name: self._inside(table, each, batch.column(each.name).to_pylist())
                for each in fields
            }
            yield [
                dict(zip(columns, row, strict=True))
                for row in zip(*columns.values(), strict=True)
            ]  # fmt: skip

    def _inside(self, table: str, each: portable.Field, values: list[Any]) -> list[Any]:
        if each.refers is not None and each.refers != table:
            try:
                return [self.ids[each.refers][value] for value in values]
            except KeyError as error:
                self._refuse(table, f"names a {each.refers} {error} that is not there")
        if each.is_json:
            return [value if value is None else _json(value) for value in values]
        form = _FORMS.get(each.column.name.rpartition("_")[2])
        if form is not None and not all(v is None or form.fullmatch(v) for v in values):
            self._refuse(table, f"has a {each.name} that charz does not write")
        return values

    def _insist_on_agreement(self, table: str, rows: Rows) -> None:
        same = _SAME.get(table, ())
        here = self._here(table, same) if same else {}
        for row in rows:
            other = here.get(self._key(table, row), row)
            for name in same:
                if None not in (row[name], other[name]) and row[name] != other[name]:
                    self._refuse(table, f"has {_called(table, row)} with another {name} than here")

    def _parents_first(self, table: str, rows: Rows) -> Iterator[Rows]:
        """Yield rows whose parents have ids by then, until none is left."""
        ids = self.ids[table]
        while rows:
            ready: Rows = []
            waiting: Rows = []
            for row in rows:
                known = all(row.get(name) in ids for name in _WITHIN)
                (ready if known else waiting).append(row)
            rows = waiting
            if not ready:
                self._refuse(table, "has rows whose parents are not there")
            yield ready

    def _put(self, table: str, rows: Rows) -> int:
        """Put rows and learn their ids."""
        ids = self.ids[table]
        inside = [{name: row[name] for name in row if name != "id"} for row in rows]
        for name in (each for each in _WITHIN if each in TABLES[table].c):
            for row in inside:
                row[name] = ids[row[name]]
        new = self.writer.put(table, inside)
        here = self._here(table, ())
        for row in rows:
            key = self._key(table, row)
            ids[row.get("id", key[0])] = here[key]["id"]
        return new

    def _fill(self, table: str, rows: Rows) -> None:
        name = _FILLED.get(table)
        if name is None:
            return
        columns, here = TABLES[table].c, self._here(table, (name,))
        for row in rows:
            other = here[self._key(table, row)]
            if other[name] is None and row[name] is not None:
                changed = TABLES[table].update().where(columns["id"] == other["id"])
                self.writer.execute(changed.values({name: row[name]}))

    def _here(self, table: str, more: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
        """Return the registry's rows by natural key."""
        columns = {"id": None, **dict.fromkeys(natural_key(TABLES[table])), **dict.fromkeys(more)}
        rows = self.writer.rows(sa.select(*(TABLES[table].c[name] for name in columns)))
        return {self._key(table, row): row for row in rows}

    def _key(self, table: str, row: Any) -> tuple[Any, ...]:
        return tuple(row[name] for name in natural_key(TABLES[table]))

    def _refuse(self, table: str, problem: str) -> NoReturn:
        raise InputError(
            f"{file(self.folder, table)} {problem}",
            "export it anew, or import it into a registry of its own",
        )


def _called(table: str, row: dict[str, Any]) -> str:
    return f"{table} '{row[natural_key(TABLES[table])[0]]}'"


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
