"""Databases as text that reads and compares well."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa


def schema(engine: sa.Engine) -> str:
    """Return what a database holds, from its own catalogue: the golden schema."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return _sqlite_schema(connection)
        return _postgres_schema(connection)


def _sqlite_schema(connection: sa.Connection) -> str:
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name"
    statements = connection.exec_driver_sql(query).scalars().all()
    return "\n\n".join(_clauses(statement) for statement in statements) + "\n"


def _clauses(statement: str) -> str:
    """Write one column or constraint a line, constraints sorted: their order says nothing."""
    if not statement.startswith("CREATE TABLE"):
        return statement + ";"
    head, _, body = re.sub(r"\s+", " ", statement).partition("(")
    head = head.replace('"', "")  # a table that SQLite copied is quoted
    body, _, tail = body.rpartition(")")
    parts = [part.strip() for part in re.split(r",(?![^()]*\))", body)]
    columns = [part for part in parts if not part.startswith("CONSTRAINT")]
    constraints = sorted(part for part in parts if part.startswith("CONSTRAINT"))
    return f"{head}(\n    " + ",\n    ".join(columns + constraints) + f"\n){tail.rstrip()};"


_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE k.contype <> 'n'
ORDER BY c.relname, k.conname
"""
_INDEXES = """
SELECT tablename, indexdef FROM pg_indexes
WHERE schemaname = 'public'
  AND indexname NOT IN (SELECT conname FROM pg_constraint)
ORDER BY tablename, indexname
"""


def _postgres_schema(connection: sa.Connection) -> str:
    lines: dict[str, list[str]] = {}
    for table, name, type_, required, default in connection.exec_driver_sql(_COLUMNS):
        rule = f"{name} {type_}{' NOT NULL' if required else ''}"
        lines.setdefault(table, []).append(f"{rule} DEFAULT {default}" if default else rule)
    for table, name, rule in connection.exec_driver_sql(_CONSTRAINTS):
        lines[table].append(f"CONSTRAINT {name} {rule}")
    indexes: dict[str, list[str]] = {}
    for table, definition in connection.exec_driver_sql(_INDEXES):
        indexes.setdefault(table, []).append(f"\n\n{definition};")
    return "\n\n".join(
        f"CREATE TABLE {table} (\n    " + ",\n    ".join(rules) + "\n);"
        + "".join(indexes.get(table, []))
        for table, rules in lines.items()
    ) + "\n"  # fmt: skip


def dump(file: Path) -> str:
    """Return a SQLite registry, rows and all, as SQL."""
    with closing(sqlite3.connect(file)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def load(text: str, file: Path) -> None:
    """Make a SQLite registry from its dump."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(text)


def contents(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table's rows as the database itself gives them, ordered."""
    found = {}
    with engine.connect() as connection:
        for table in sorted(sa.inspect(connection).get_table_names()):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()
            found[table] = sorted((tuple(row) for row in rows), key=repr)
    return found
