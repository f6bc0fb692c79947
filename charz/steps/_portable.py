"""How a table's rows look outside a registry: names stand where ids stood.

A row that is known by one text (an encoder's spec, a dataset's name, a run's key) is
referred to by it; any other by its ``id`` in the exported table, which is its place in the
order of natural keys. So two registries with the same rows export the same tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Column, Table

from charz.schema import TABLES, natural_key

FORMAT = 1
MANIFEST = "manifest.json"
TRAVELS = tuple(name for name in TABLES if name != "failure")
"""The tables that travel; why a unit of work failed here says nothing elsewhere."""

HASHES = {
    "embedding": "vectors_hash",
    "metamodel": "arrays_hash",
    "task_embedding": "vector_hash",
}
"""Tables whose rows are nothing without their artifact."""

_TYPES: Mapping[type[Any], pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Field:
    """A column as it travels; ``refers`` is the table that it names a row of."""

    name: str
    column: Column[Any]
    type: pa.DataType
    refers: str | None = None
    is_json: bool = False

    def packed(self, value: Any) -> Any:
        """Return a value as it travels."""
        if not self.is_json or value is None:
            return value
        return json.dumps(value, sort_keys=True, ensure_ascii=False)


def is_named(table: str) -> bool:
    """Return whether one text names a row.

    >>> is_named("encoder"), is_named("subset")
    (True, False)
    """
    columns = [TABLES[table].c[name] for name in natural_key(TABLES[table])]
    return len(columns) == 1 and isinstance(columns[0].type, sa.Text)


@cache
def fields(table: str) -> tuple[Field, ...]:
    """Return the columns of a table as they travel.

    >>> [field.name for field in fields("embedding")][:3]
    ['encoder', 'split_id', 'basis']
    """
    kept = [column for column in TABLES[table].columns if column.name != "id"]
    own = [] if "id" not in TABLES[table].c or is_named(table) else [TABLES[table].c["id"]]
    return tuple(_field(column) for column in (*own, *kept))


def _field(column: Column[Any]) -> Field:
    target = refers(column)
    if target is not None and is_named(target):
        return Field(column.name.removesuffix("_id"), column, pa.string(), target)
    if isinstance(column.type, sa.JSON):
        return Field(column.name, column, pa.string(), is_json=True)
    return Field(column.name, column, _TYPES[column.type.python_type], target)


def refers(column: Column[Any]) -> str | None:
    """Return the table whose id a column holds; an artifact's hash is no id."""
    targets = [key.column.table.name for key in column.foreign_keys]
    return targets[0] if targets and targets[0] != "artifact" else None


def arrow(table: str) -> pa.Schema:
    """Return the types of a table's file."""
    return pa.schema([(field.name, field.type) for field in fields(table)])


def own_id(table: Table) -> bool:
    """Return whether rows of a table have an id that others may refer to."""
    return "id" in table.c
