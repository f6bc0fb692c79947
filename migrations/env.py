"""Run migrations on a connection handed over by charz, or on ``-x url=...``.

An upgrade holds a lock from before the version is read, so that several may start at once:
the later ones wait, then find nothing to do.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from charz.paths import registry_url
from charz.schema import Base
from charz.store import engine

LOCK = 5_381_077  # any number of charz's own


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    url = registry_url(context.get_x_argument(as_dictionary=True).get("url"))
    with engine(url).begin() as connection:
        _migrate(connection)


_run()
