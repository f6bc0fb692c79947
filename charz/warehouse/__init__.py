"""DuckDB over the registry, for questions.

A warehouse mirrors the tables that a query names, as they were when it was opened, into
DuckDB's memory: typed from the schema, also where a table is empty or a column all NULL.
Queries are single SELECTs with bound parameters; they cannot reach the disk, the network
or the registry itself. Beside the tables there is one type, the ENUM ``feature_name`` of
all feature names, over which a query may PIVOT; and query files without parameters can be
read like tables (``FROM cell``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from charz.errors import QueryError
from charz.warehouse._mirror import Mirror, source
from charz.warehouse._select import needs, only_select
from charz.warehouse.queryfile import bind, parse

if TYPE_CHECKING:
    import pandas as pd

    from charz.store import Store

__all__ = ["Warehouse"]

_SETTINGS = {
    "enable_progress_bar": "false",  # it would go to stdout
    "memory_limit": "'60%'",
    "timezone": "'UTC'",
}
_LOCKS = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}


class Warehouse:
    """A consistent, read-only view of a registry. Use it as a context manager.

    Parameters
    ----------
    store : Store
        An open registry, SQLite or PostgreSQL.

    Examples
    --------
    >>> import tempfile, charz.store
    >>> store = charz.store.open(tempfile.mkdtemp() + "/charz.db", create=True)
    >>> with store, Warehouse(store) as warehouse:
    ...     warehouse.run("SELECT count(*) AS n FROM result WHERE n_train > $least", {"least": 9})
       n
    0  0
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened = ExitStack()

    def __enter__(self) -> Warehouse:
        with ExitStack() as opened:  # closes what is open already, should the rest fail
            folder = opened.enter_context(TemporaryDirectory(prefix="charz-"))
            self._connection = opened.enter_context(_connect(folder))
            tables = opened.enter_context(source(self._store, folder))
            self._mirror = Mirror(self._connection, tables)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the rows of one SELECT.

        Parameters
        ----------
        sql : str
            One SELECT, with or without the header of a query file.
        parameters : mapping, optional
            Values of its ``$name`` parameters; the header's types and defaults count.

        Raises
        ------
        QueryError
            When it is not one SELECT, a parameter is missing, unknown or of another type,
            or DuckDB refuses it.
        UnknownNameError
            When it names a table that no registry has.
        """
        with self._executed(sql, parameters or {}) as result:
            return result.df()

    def describe(self, sql: str, parameters: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Return the columns that a query gives and their DuckDB types, without running it.

        Parameters that are left out count as NULL.
        """
        unset: dict[str, Any] = dict.fromkeys(only_select(sql).named_parameters)
        with self._executed(sql, unset | dict(parameters or {}), "DESCRIBE ") as result:
            return {row[0]: row[1] for row in result.fetchall()}

    @contextmanager
    def _executed(
        self, sql: str, parameters: Mapping[str, Any], prefix: str = ""
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        statement = only_select(sql)
        values = bind(parse(sql), statement.named_parameters, parameters)
        self._mirror.bring(needs(self._connection, statement.query))
        with _plain_errors(), _reading(self._connection):
            yield self._connection.execute(prefix + statement.query, values)


@contextmanager
def _connect(folder: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB in memory that spills into ``folder`` and reaches nothing else."""
    with duckdb.connect(":memory:") as connection:
        spill = "'" + folder.replace("'", "''") + "'"
        for name, value in (_SETTINGS | {"temp_directory": spill} | _LOCKS).items():
            connection.execute(f"SET {name} = {value}")
        yield connection


@contextmanager
def _reading(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Hold the mirror still: a SELECT may carry an INSERT in its WITH."""
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).split("\n\n")[0].replace("\n", " ")
        raise QueryError(
            f"the query fails: {reason}", "docs/schema.md lists the tables and their columns"
        ) from error
