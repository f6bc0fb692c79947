"""Settle published figures in a registry: joined where they are the same, beside where not.

A thing that the registry knows by the same name and that is the same (an encoder's weights, a
dataset's texts, a protocol's sampler) is joined, and what the registry says of it stays. A
thing of the same name that is another one keeps its name; the newcomer gets one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from charz.errors import InputError
from charz.records import EncoderSpec
from charz.schema import TABLES, natural_key
from charz.steps import _gather, _lean
from charz.steps import _portable as portable
from charz.store import Writer

if TYPE_CHECKING:
    from charz.records import Ints

ORIGIN = "reference"
_IDENTITY = {
    "encoder": ("fingerprint",),
    "dataset": ("fingerprint",),
    "protocol": ("sampler", "parameters"),
}
"""What must agree for two things of one name to be the same."""
_FACTS = {
    "encoder": ("lineage", "license"),
    "dataset": ("group_name", "label_family", "task", "language", "license"),
    "probe": ("parameters",),
    "split": ("n_rows", "class_counts"),
    "subset": ("class_counts",),
    "feature": ("item", "kind"),
}
"""What the registry may say otherwise; its word stays and the difference is told."""
_TOLD = 5
_RESULT_ROWS = 50_000
_SAMPLE_ROWS = 2_000

Row = dict[str, Any]


@dataclass
class Settler:
    """One import, in one transaction; ``ids`` are the rows' ids here by table and code."""

    writer: Writer
    tables: Mapping[str, pa.Table]
    run_id: int
    advance: Callable[[int], None]
    ids: dict[str, Ints] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def settle(self) -> dict[str, int]:
        """Bring in every table; return how many of its rows are new."""
        counts = {table: self._catalogue(table) for table in _gather.CATALOGUE}
        counts["result"] = sum(self._results())
        counts["feature_value"] = sum(self._values())
        return counts

    def _catalogue(self, table: str) -> int:
        rows = [self._inside(table, row) for row in self.tables[table].to_pylist()]
        here = self._here(table)
        rows = [self._apart(table, row, here) for row in rows]
        self._tell_differences(table, rows, here)
        new = [row for row in rows if self._key(table, row) not in here]
        extra: Row = {"run_id": self.run_id} if "run_id" in TABLES[table].c else {}
        if table == "protocol":
            extra = {"sizes": None}  # it asks for nothing here until somebody declares it
        count = self.writer.put(table, [row | extra for row in new]) if new else 0
        places = {key: row["id"] for key, row in self._here(table).items()}
        self.ids[table] = np.array([places[self._key(table, row)] for row in rows], dtype=np.int64)
        return count

    def _inside(self, table: str, row: Mapping[str, Any]) -> Row:
        """Return a row with ids of this registry where it names other rows."""
        inside = {}
        for each in _gather.fields(table):
            value = row[each.name]
            if each.refers is not None:
                value = self._id_of(each, value)
            elif each.is_json and value is not None:
                value = json.loads(value)
            inside[each.column.name] = value
        return inside

    def _id_of(self, each: portable.Field, value: Any) -> int:
        table = str(each.refers)
        if not portable.is_named(table):
            return int(self._known(table, pa.chunked_array([[value]], pa.int32()))[0])
        names = self.tables[table]["spec" if table == "encoder" else "name"].to_pylist()
        return int(self.ids[table][names.index(value)])

    def _known(self, table: str, column: pa.ChunkedArray) -> Ints:
        """Return the ids of rows by their codes."""
        ids = self.ids[table]
        codes: Ints = column.fill_null(-1).to_numpy()
        if len(codes) and (codes.min() < 0 or codes.max() >= len(ids)):
            raise InputError(f"a figure names a {table} that is not there", "export it anew")
        return ids[codes]

    def _here(self, table: str) -> dict[tuple[Any, ...], Any]:
        """Return the registry's rows by natural key."""
        return {self._key(table, row): row for row in self.writer.rows(sa.select(TABLES[table]))}

    def _key(self, table: str, row: Any) -> tuple[Any, ...]:
        return tuple(row[name] for name in natural_key(TABLES[table]))

    def _apart(self, table: str, row: Row, here: Mapping[tuple[Any, ...], Any]) -> Row:
        """Return a row under a name that is not another thing's."""
        other = here.get(self._key(table, row), row)
        if all(row[name] == other[name] for name in _IDENTITY.get(table, ())):
            return row
        renamed = _renamed(table, row)
        was, called = self._key(table, row)[0], self._key(table, renamed)[0]
        self.notes.append(f"{table} '{was}' is another one here: the reference's is '{called}'")
        other = here.get(self._key(table, renamed), renamed)
        if any(renamed[name] != other[name] for name in _IDENTITY[table]):
            raise InputError(
                f"the registry has another {table} '{was}' and another '{called}'",
                "import into a registry of its own",
            )
        return renamed

    def _tell_differences(
        self, table: str, rows: list[Row], here: Mapping[tuple[Any, ...], Any]
    ) -> None:
        told = [
            f"{table} '{self._key(table, row)[0]}' keeps its {name} {other[name]}, "
            f"the reference says {row[name]}"
            for row in rows
            for other in [here.get(self._key(table, row), row)]
            for name in _FACTS.get(table, ())
            if None not in (row[name], other[name]) and row[name] != other[name]
        ]
        self.notes += told[:_TOLD]
        if len(told) > _TOLD:
            self.notes.append(f"{table}: {len(told) - _TOLD} more facts differ and are kept")

    def _results(self) -> Iterator[int]:
        """Put the results, part by part in the order of their key; yield how many are new."""
        table = self.tables["result"]
        ids = self._cells(table) | {"probe_id": self._known("probe", table["probe"])}
        sizes = np.array(self.tables["subset"]["n_rows"].to_pylist(), dtype=np.int64)
        totals = {
            f"n_{role}": sizes[table[f"{role}_subset"].to_numpy()] for role in ("train", "eval")
        }
        columns: dict[str, Any] = dict(ids)
        for name, total in _gather.SHARES.items():
            shares = _lean.numbers(table[f"{name}_count"]) / totals[total]
            columns[name] = np.where(np.isnan(shares), _lean.numbers(table[name]), shares)
        for name in (*_gather.METRICS, *_gather.ROUGH, "chosen"):
            columns[name] = _lean.numbers(table[name])
        columns |= totals
        names = (*columns, "origin", "run_id")
        order = np.lexsort([ids[name] for name in reversed(list(ids))])
        for start in range(0, len(order), _RESULT_ROWS):
            part = order[start : start + _RESULT_ROWS]
            lists = [_lean.listed(values[part]) for values in columns.values()]
            rows = zip(*lists, [ORIGIN] * len(part), [self.run_id] * len(part), strict=True)
            yield self.writer.pour("result", names, list(rows))
            self.advance(len(part))

    def _cells(self, table: pa.Table) -> dict[str, Ints]:
        found = {}
        for name in _gather.CELL:
            of = "encoder" if name == "encoder" else "subset"
            found[f"{name}_id"] = self._known(of, table[name])
        return found

    def _values(self) -> Iterator[int]:
        """Put the feature values, sample by sample in the order of their key."""
        table, features = self.tables["feature_value"], self.ids["feature"]
        cells = self._cells(table)
        values = np.column_stack([table[name].to_numpy() for name in table.column_names[3:]])
        there = np.column_stack([table[name].is_valid().to_numpy() for name in
                                 table.column_names[3:]])  # fmt: skip
        names = (*cells, "feature_id", "value", "run_id")
        order = np.lexsort([cells[name] for name in reversed(list(cells))])
        by_id = np.argsort(features)
        for start in range(0, len(order), _SAMPLE_ROWS):
            part = order[start : start + _SAMPLE_ROWS]
            row, column = np.nonzero(there[part][:, by_id])
            lists = [ids[part][row].tolist() for ids in cells.values()]
            lists.append(features[by_id][column].tolist())
            lists.append(_lean.listed(values[part][:, by_id][row, column]))
            yield self.writer.pour(
                "feature_value", names, list(zip(*lists, [self.run_id] * len(row), strict=True))
            )
            self.advance(len(part))


def _renamed(table: str, row: Row) -> Row:
    """Return a row under a name of its own.

    >>> _renamed("dataset", {"name": "news"})
    {'name': 'news@reference'}
    >>> _renamed("encoder", {"spec": "st:org/mini@v1?layer=3"})
    {'spec': 'st:org/mini@v1-reference?layer=3', 'revision': 'v1-reference'}
    """
    if table != "encoder":
        return row | {"name": f"{row['name']}@{ORIGIN}"}
    spec = EncoderSpec.parse(row["spec"])
    revision = f"{spec.revision}-{ORIGIN}" if spec.revision else ORIGIN
    return row | {"spec": str(replace(spec, revision=revision)), "revision": revision}
