"""Engines for the databases that charz can use, and their errors in plain words.

For `charz.store` and the migrations alone: everything else goes through the store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from charz.errors import MissingExtraError, RegistryError

_SQLITE = {
    "busy_timeout": "60000",
    "synchronous": "NORMAL",
    "foreign_keys": "on",
    "journal_mode": "WAL",
}


def engine(url: str, **settings: str | None) -> Engine:
    """Return an engine with the settings that concurrent writers need.

    ``settings`` are PRAGMAs of SQLite other than the usual; None leaves one as it is.
    """
    _parsed(url)
    try:
        made = sa.create_engine(url, json_serializer=_json)
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("psycopg", "postgres", "for PostgreSQL") from error
    if made.dialect.name == "sqlite":
        _set_up_sqlite(made, _SQLITE | settings)
    return made


def _parsed(url: str) -> sa.URL:
    """Return a URL taken apart, once it is one of a database that charz can use."""
    try:
        parsed = sa.make_url(url)
        usable = parsed.drivername in ("sqlite", "postgresql+psycopg")
    except (ArgumentError, ValueError):
        usable = False
    if not usable:
        raise RegistryError(
            f"'{url}' is no database that charz can use", "give a path or a postgresql:// URL"
        )
    return parsed


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)  # PostgreSQL refuses NaN, so all do


def _set_up_sqlite(made: Engine, pragmas: Mapping[str, str | None]) -> None:
    @sa.event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we write BEGIN ourselves, below
        for name, value in pragmas.items():
            if value is not None:
                connection.execute(f"PRAGMA {name}={value}")

    @sa.event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads, then writes fails at once when another wrote
        # in between, whatever the timeout; so writers take their place in line first.
        writes = connection.get_execution_options().get("charz_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def connection(url: str, **settings: str | None) -> Iterator[Connection]:
    """Connect once, through an engine that leaves nothing open behind it."""
    made = engine(url, **settings)
    try:
        with plain_errors(url), made.connect() as connected:
            yield connected
    finally:
        made.dispose()


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for another database."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise RegistryError("a registry cannot live in memory", "give the path of a file")
    return Path(parsed.database)


def show(url: str) -> str:
    """Return a URL fit for messages: a plain path, or without its password."""
    file = sqlite_file(url)
    return str(file) if file is not None else sa.make_url(url).render_as_string()


_REMEDIES = (
    (r"readonly|read-only|permission denied|not permitted", "give charz the right to write there"),
    (r"disk is full|no space", "free some space on that disk"),
    (r"disk i/o error", "free some space on that disk, if it is full; else check the disk"),
    (r"unable to open|is a directory", "check the path and its rights"),
    (r"not a database|malformed", "it is no charz registry: give another path"),
    (r"locked", "another program holds it; try again when that is done"),
    (
        r"refused|could not connect|timeout|does not exist|authentication",
        "check the URL and server",
    ),
)


@contextmanager
def plain_errors(url: str) -> Iterator[None]:
    """Turn what drivers raise for reasons outside charz into one clear error."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        for pattern, remedy in _REMEDIES:
            if re.search(pattern, reason, re.IGNORECASE):
                raise RegistryError(f"the registry {show(url)} fails: {reason}", remedy) from error
        raise
