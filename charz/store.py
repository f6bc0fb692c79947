"""The registry's store: the only place that opens a session.

SQLite by default (write-ahead log, foreign keys on, every write ``BEGIN IMMEDIATE``),
PostgreSQL by URL; the same schema and the same calls on both. Every write is idempotent: a
row whose natural key is there already is left as it is.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Executable, RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite

import charz
from charz import database, paths
from charz.artifacts import Artifact, ArtifactStore
from charz.database import engine as engine
from charz.database import plain_errors
from charz.database import show as show
from charz.database import sqlite_file as sqlite_file
from charz.errors import CharzError, RegistryError, StaleRegistryError
from charz.schema import TABLES, natural_key

_BATCH = 5_000
_UPGRADE = "run 'charz db upgrade'"


def head() -> str:
    """Return the newest schema revision that this charz knows."""
    return max(path.stem.split("_")[0] for path in _versions())


def _versions() -> Iterable[Path]:
    return (paths.migrations() / "versions").glob("[0-9]*.py")


def open(url: str | None = None, *, create: bool = False) -> Store:  # noqa: A001
    """Open a registry.

    Parameters
    ----------
    url : str, optional
        SQLAlchemy URL or path of a SQLite file; default: see `charz.paths.registry_url`.
    create : bool
        Make the registry when there is none.

    Raises
    ------
    RegistryError
        When there is no registry, it is no charz registry or it cannot be reached.
    StaleRegistryError
        When its schema is older or newer than this charz; the mending command is named.

    Examples
    --------
    >>> import tempfile
    >>> with open(tempfile.mkdtemp() + "/charz.db", create=True) as store:
    ...     store.count("encoder")
    0
    """
    resolved = paths.registry_url(url)
    revision = current(resolved)
    if revision is None and create:
        revision = upgrade(resolved)
    if revision is None:
        raise RegistryError(
            f"there is no registry at {show(resolved)}",
            "make one with 'charz db upgrade' or 'charz ingest'",
        )
    if revision != head():
        raise StaleRegistryError(
            f"the registry at {show(resolved)} has schema {revision}, charz knows {head()}",
            _UPGRADE if revision < head() else "install a newer charz",
        )
    return Store(resolved)


def current(url: str) -> str | None:
    """Return the schema revision of the registry at ``url``; None when nothing is there.

    Raises
    ------
    RegistryError
        When the database cannot be reached or belongs to something else.
    """
    file = sqlite_file(url)
    if file is not None and (not file.exists() or file.stat().st_size == 0):
        return None
    with database.connection(url, journal_mode=None) as connection:  # perhaps not our file
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        if "encoder" not in tables:
            if tables:
                raise RegistryError(
                    f"{show(url)} is a database of something else (it has a table '{min(tables)}')",
                    "give charz a database of its own",
                )
            return None
        query = "SELECT version_num FROM alembic_version"
        found: str | None = connection.exec_driver_sql(query).scalar()
        return found


def upgrade(url: str, revision: str = "head") -> str:
    """Bring the registry at ``url`` to a schema revision, making it when there is none.

    Several processes may call this at once: one migrates, the others wait.
    """
    from alembic import command
    from alembic.config import Config

    known = {path.stem.split("_")[0] for path in _versions()}
    found = current(url)
    if found is not None and found not in known:
        raise StaleRegistryError(
            f"the registry at {show(url)} has schema {found}, which this charz does not know",
            "install the charz that made it, or a newer one",
        )
    config = Config()
    config.set_main_option("script_location", str(paths.migrations()).replace("%", "%%"))
    file = sqlite_file(url)
    if file is not None:
        with plain_errors(url):
            file.parent.mkdir(parents=True, exist_ok=True)
    # Altering a table of SQLite means copying it, which its foreign keys must not see.
    with database.connection(url, foreign_keys="off") as connection:
        connection.execution_options(charz_write=True)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    return current(url) or ""


class Writer:
    """One write transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, table: str, rows: Sequence[Mapping[str, Any]], update: Sequence[str] = ()) -> int:
        """Insert rows; one whose natural key is there is left, or has ``update`` columns set.

        Returns
        -------
        int
            The rows inserted or updated.
        """
        count = 0
        statement = _upsert(TABLES[table], self._connection.dialect.name, update)
        if any(row.keys() != rows[0].keys() for row in rows):
            raise ValueError(f"the rows for '{table}' differ in their columns")
        for start in range(0, len(rows), _BATCH):
            batch = [dict(row) for row in rows[start : start + _BATCH]]
            count += self.execute(statement, batch)
        return count

    def pour(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Insert many rows as they are; one whose natural key is there is left.

        Much quicker than `put`: nothing looks at the values on their way, so they must be what
        the driver takes, None for NULL, and defaults are not filled in.

        Returns
        -------
        int
            The rows inserted.
        """
        names = ", ".join(f'"{TABLES[table].c[name].name}"' for name in columns)
        if self._connection.dialect.name == "postgresql":
            return self._copy(table, names, rows)
        marks = ", ".join("?" * len(columns))
        insert = f'INSERT INTO "{table}" ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING'  # noqa: S608 - names from the schema
        done = self._connection.exec_driver_sql(
            insert, [tuple(row) for row in rows], execution_options={"preserve_rowcount": True}
        )
        return done.rowcount

    def _copy(self, table: str, names: str, rows: Sequence[Sequence[Any]]) -> int:
        """Copy rows into a table of the moment, and from there those that are new."""
        make = f'CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {names} FROM "{table}" LIMIT 0'  # noqa: S608 - names from the schema
        self._connection.exec_driver_sql(make)
        driver: Any = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy("COPY incoming FROM STDIN") as copying:
            for row in rows:
                copying.write_row(row)
        insert = f'INSERT INTO "{table}" ({names}) SELECT * FROM incoming ON CONFLICT DO NOTHING'  # noqa: S608 - names from the schema
        count = self._connection.exec_driver_sql(insert).rowcount
        self._connection.exec_driver_sql("DROP TABLE incoming")
        return count

    def ensure(self, table: str, row: Mapping[str, Any], update: Sequence[str] = ()) -> int:
        """Put one row and return its id."""
        self.put(table, [row], update)
        columns = TABLES[table].c
        same = [columns[name] == row[name] for name in natural_key(TABLES[table])]
        return int(self._connection.execute(sa.select(columns["id"]).where(*same)).scalar_one())

    def artifact(self, stored: Artifact) -> str:
        """Record a stored artifact and return its hash."""
        self.put("artifact", [vars(stored)])
        return stored.hash

    def rows(self, statement: Executable) -> list[RowMapping]:
        """Return the rows of a SELECT as this transaction sees them."""
        return list(self._connection.execute(statement).mappings())

    def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> int:
        """Run one statement, once or for every row, and return how many rows it touched."""
        result: sa.CursorResult[Any] = self._connection.execute(
            statement, rows, execution_options={"preserve_rowcount": True}
        )
        return result.rowcount


def _upsert(table: Table, dialect: str, update: Sequence[str]) -> Executable:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    keys = list(natural_key(table))
    statement: Executable = insert.on_conflict_do_nothing(index_elements=keys)
    if update:
        changed = {name: insert.excluded[name] for name in update}
        statement = insert.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement


class Store:
    """An open registry. Close it, or use it as a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.run_id: int | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine, made on first use."""
        return engine(self.url)

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """The registry's artifacts."""
        return ArtifactStore(paths.artifact_root(self.url))

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def rows(self, statement: Executable) -> list[RowMapping]:
        """Return the rows of a SELECT as mappings."""
        with plain_errors(self.url), self.engine.connect() as connection:
            return list(connection.execute(statement).mappings())

    def row(self, table: str, **key: Any) -> RowMapping | None:
        """Return the one row of ``table`` with these column values, or None."""
        columns = TABLES[table].c
        same = [columns[name] == value for name, value in key.items()]
        found = self.rows(sa.select(TABLES[table]).where(*same))
        return found[0] if found else None

    def get(self, table: str, **key: Any) -> RowMapping:
        """Return the one row of ``table`` with these column values.

        Raises
        ------
        RegistryError
            When there is none.
        """
        found = self.row(table, **key)
        if found is None:
            wanted = ", ".join(f"{name} {value!r}" for name, value in key.items())
            raise RegistryError(f"the registry has no {table} with {wanted}", "see 'charz status'")
        return found

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        statement = sa.select(sa.func.count().label("n")).select_from(TABLES[table])
        return int(self.rows(statement)[0]["n"])

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Open one write transaction: all of it lands, or nothing."""
        with (
            plain_errors(self.url),
            self.engine.connect().execution_options(charz_write=True) as connection,
            connection.begin(),
        ):
            yield Writer(connection)

    def put(self, table: str, rows: Sequence[Mapping[str, Any]], update: Sequence[str] = ()) -> int:
        """Insert rows in a transaction of their own; see `Writer.put`."""
        with self.write() as writer:
            return writer.put(table, rows, update)

    @contextmanager
    def run(self, command: str, arguments: Mapping[str, Any]) -> Iterator[int]:
        """Record one execution of a command; rows written meanwhile carry its id."""
        row = {
            "key": uuid.uuid4().hex,
            "command": command,
            "arguments": dict(arguments),
            "version": charz.__version__,
            "host": socket.gethostname(),
            "status": "running",
        }
        outer = self.run_id
        with self.write() as writer:
            self.run_id = inner = writer.ensure("run", row)
        status = "failed"
        try:
            yield inner
            status = "done"
        finally:
            self.run_id = outer
            self._end_run(inner, status)

    def _end_run(self, run_id: int, status: str) -> None:
        run = TABLES["run"]
        ended = run.update().where(run.c.id == run_id)
        with self.write() as writer:
            writer.execute(ended.values(status=status, ended_at=datetime.now(UTC)))

    def failed(self, step: str, unit: str, error: Exception) -> None:
        """Remember why a unit of work failed; a later success forgets it."""
        failure = TABLES["failure"]
        before = self.row("failure", step=step, unit=unit)
        row = {
            "step": step,
            "unit": unit,
            "message": str(error) if isinstance(error, CharzError) else repr(error),
            "n_attempts": (before["n_attempts"] if before else 0) + 1,
            "run_id": self.run_id,
            "failed_at": datetime.now(UTC),
        }
        changed = [name for name in row if name in failure.c and name not in ("step", "unit")]
        self.put("failure", [row], update=changed)

    def succeeded(self, step: str, unit: str) -> None:
        """Forget the failure of a unit, if there was one."""
        failure = TABLES["failure"]
        if self.row("failure", step=step, unit=unit):
            with self.write() as writer:
                writer.execute(
                    failure.delete().where(failure.c.step == step, failure.c.unit == unit)
                )
