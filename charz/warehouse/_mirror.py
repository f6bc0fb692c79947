"""How the registry's tables get into DuckDB: a still source, and typed copies of its tables.

SQLite is copied with Python's own library first. A second SQLite library on the live file
would drop the locks of the first when it closes (locks belong to the process), and commits
would be lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import sqlalchemy as sa
from sqlalchemy import Column, Table

from charz.database import show
from charz.errors import MissingExtraError, RegistryError
from charz.schema import TABLES
from charz.warehouse import queryfile
from charz.warehouse._select import Needs, needs, only_select

if TYPE_CHECKING:
    from charz.store import Store

# Python type (an object is JSON) -> DuckDB type, and a value that shows it to a driver that
# guesses types from what comes first.
_TYPES: Mapping[type[Any], tuple[str, str]] = {
    int: ("BIGINT", "0"),
    float: ("DOUBLE", "0.5"),
    bool: ("BOOLEAN", "0"),
    datetime: ("TIMESTAMP", "''"),
    object: ("JSON", "''"),
    str: ("VARCHAR", "''"),
}


def type_of(column: Column[Any]) -> str:
    """Return a column's DuckDB type.

    >>> [type_of(TABLES["run"].c[name]) for name in ("id", "arguments", "started_at")]
    ['BIGINT', 'JSON', 'TIMESTAMP']
    """
    return _TYPES[column.type.python_type][0]


class Source:
    """An ADBC connection to something that does not change while it is open."""

    def __init__(self, connection: Any, dialect: str) -> None:
        self._connection = connection
        self._dialect = dialect

    def copy(self, into: duckdb.DuckDBPyConnection, columns: list[Column[Any]]) -> None:
        """Make (or make anew) the table of these columns in DuckDB."""
        table = columns[0].table.name
        typed = ", ".join(f'CAST("{c.name}" AS {type_of(c)}) AS "{c.name}"' for c in columns)
        with self._connection.cursor() as cursor:
            cursor.execute(_typed_first(columns) if self._dialect == "sqlite" else _plain(columns))
            into.register("incoming", cursor.fetch_record_batch())
            rows = f"SELECT {typed} FROM incoming WHERE is_row = 1"  # noqa: S608 - schema names
            into.execute(f'CREATE OR REPLACE TABLE "{table}" AS {rows}')
            into.unregister("incoming")


def _plain(columns: list[Column[Any]]) -> str:
    """Return the SELECT for a driver that knows the columns' types."""
    read = ", ".join(_read(column) for column in columns)
    return f'SELECT 1 AS is_row, {read} FROM "{columns[0].table.name}"'  # noqa: S608 - schema names


def _typed_first(columns: list[Column[Any]]) -> str:
    """Return the SELECT whose first row, to be dropped, shows every column's type."""
    shown = ", ".join(f'{_TYPES[c.type.python_type][1]} AS "{c.name}"' for c in columns)
    read = ", ".join(f'"{column.name}"' for column in columns)
    return (
        f"SELECT 0 AS is_row, {shown} UNION ALL "  # noqa: S608 - names from the schema
        f'SELECT 1, {read} FROM "{columns[0].table.name}"'
    )


def _read(column: Column[Any]) -> str:
    name = f'"{column.name}"'
    if column.type.python_type is datetime:
        return f"{name} AT TIME ZONE 'UTC' AS {name}"
    if column.type.python_type is object:
        return f"{name}::text AS {name}"
    return name


@contextmanager
def source(store: Store, folder: str) -> Iterator[Source]:
    """Hold the registry as it is now; ``folder`` is for files of the moment."""
    dialect = store.engine.dialect.name
    opened = _sqlite(store, folder) if dialect == "sqlite" else _postgresql(store)
    with opened as connection:
        yield Source(connection, dialect)


@contextmanager
def _sqlite(store: Store, folder: str) -> Iterator[Any]:
    import adbc_driver_sqlite.dbapi

    snapshot = Path(folder) / "snapshot.db"
    with closing(store.engine.raw_connection()) as live, closing(sqlite3.connect(snapshot)) as copy:
        try:
            cast("sqlite3.Connection", live.driver_connection).backup(copy)
        except sqlite3.Error as error:
            raise RegistryError(
                f"the registry {show(store.url)} cannot be copied to {folder}: {error}",
                "free some space there, or set TMPDIR to another folder",
            ) from error
    with adbc_driver_sqlite.dbapi.connect(str(snapshot)) as opened:
        yield opened


@contextmanager
def _postgresql(store: Store) -> Iterator[Any]:
    try:
        import adbc_driver_postgresql.dbapi
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(
            "adbc-driver-postgresql", "postgres", "to query PostgreSQL"
        ) from error
    url = sa.make_url(store.url).set(drivername="postgresql")
    with ExitStack() as opened:
        try:
            connect = adbc_driver_postgresql.dbapi.connect
            connection = opened.enter_context(connect(url.render_as_string(hide_password=False)))
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SELECT 1")  # the first query is the moment that is held
                cursor.fetchall()
        except adbc_driver_postgresql.dbapi.Error as error:
            raise RegistryError(
                f"the registry {show(store.url)} cannot be read: {str(error).splitlines()[0]}",
                "check the URL and server",
            ) from error
        yield connection


class Mirror:
    """The copies made so far, with the columns that they have."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Source) -> None:
        self._connection = connection
        self._source = tables
        self._here: dict[str, set[str]] = {}

    def bring(self, wanted: Needs) -> None:
        """Copy what is wanted and not here yet."""
        for view in sorted(wanted.views):
            select = only_select(queryfile.read(view)).query
            self.bring(needs(self._connection, select))
            self._connection.execute(f'CREATE OR REPLACE VIEW "{view}" AS {select}')
        for table in sorted(wanted.tables):
            columns = _columns(TABLES[table], wanted.columns)
            here = self._here.get(table, set())
            if not columns <= here:
                self._copy(TABLES[table], columns | here)

    def _copy(self, table: Table, columns: set[str]) -> None:
        self._source.copy(self._connection, [c for c in table.columns if c.name in columns])
        self._here[table.name] = columns
        if table.name == "feature":
            self._connection.execute(
                "DROP TYPE IF EXISTS feature_name; "
                "CREATE TYPE feature_name AS ENUM (SELECT name FROM feature ORDER BY name)"
            )


def _columns(table: Table, used: frozenset[str] | None) -> set[str]:
    """Return the columns to copy: all of a catalogue, what is used of a large table."""
    names = {column.name for column in table.columns}
    if used is None or table.name == "feature":
        return names
    return names & used or {column.name for column in table.primary_key.columns}
