"""``charz db``: the registry's schema."""

from __future__ import annotations

import click

from charz.cli import options, output
from charz.cli._group import Command, Group


@click.group(cls=Group)
def command() -> None:
    """Make, upgrade and locate the registry's database."""


@command.command(
    cls=Command, examples=("charz db upgrade", "charz db upgrade --registry lab/charz.db")
)
@options.rows
@options.registry
def upgrade(registry: str | None, style: str | None) -> None:
    """Bring the database to this charz's schema.

    Makes the registry when there is none.
    """
    from charz import paths, store

    url = paths.registry_url(registry)
    revision = store.upgrade(url)
    _write(store.show(url), revision, store.head(), style)


@command.command(cls=Command, examples=("charz db current",))
@options.rows
@options.registry
def current(registry: str | None, style: str | None) -> None:
    """Show where the registry is and which schema it has."""
    from charz import paths, store
    from charz.errors import RegistryError

    url = paths.registry_url(registry)
    revision = store.current(url)
    if revision is None:
        raise RegistryError(f"there is no registry at {store.show(url)}", "run 'charz db upgrade'")
    _write(store.show(url), revision, store.head(), style)


def _write(where: str, revision: str, newest: str, style: str | None) -> None:
    output.rows([{"registry": where, "schema": revision, "newest": newest}], style)
