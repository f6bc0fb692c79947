"""Run migrations on a connection handed over by charz, or on ``-x url=...``.

An upgrade holds a lock from before the version is read, so that several may start at once:
the later ones wait, then find nothing to do.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator, text

from charz.database import connection as connect
from charz.paths import registry_url
from charz.schema import TABLES

LOCK = 5_381_077  # any number of charz's own


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=TABLES["run"].metadata,
        render_as_batch=True,
        render_item=_plainly,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with context.begin_transaction():
        context.run_migrations()


def _plainly(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write a type of ours as the SQLAlchemy type it stores: a migration imports no charz."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    url = registry_url(context.get_x_argument(as_dictionary=True).get("url"))
    with connect(url, foreign_keys="off") as connection:
        connection.execution_options(charz_write=True)
        with connection.begin():
            _migrate(connection)


_run()
