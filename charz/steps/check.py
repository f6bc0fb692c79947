"""Check the registry: queries that must find no row, and artifacts that must be whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from charz.errors import ArtifactError
from charz.schema import TABLES
from charz.warehouse import Warehouse, queryfile

if TYPE_CHECKING:
    from charz.store import Store


def run(store: Store, *, artifacts: bool = False) -> list[dict[str, Any]]:
    """Run every query in ``queries/checks`` and look for every artifact.

    Parameters
    ----------
    store : Store
        An open registry.
    artifacts : bool
        Read every artifact and compare its bytes with its hash, rather than its size alone.
        A damaged one is set aside, so that the next run makes it again.

    Returns
    -------
    list of dict
        ``check``, its name; ``rows``, how many it found, 0 when all is well; ``example``, the
        first of them as text. One per check, but for ``artifacts``: there, one per missing or
        damaged artifact.

    Examples
    --------
    >>> import tempfile, charz.store
    >>> store = charz.store.open(tempfile.mkdtemp() + "/charz.db", create=True)
    >>> sum(row["rows"] for row in run(store, artifacts=True))
    0
    >>> store.close()
    """
    with Warehouse(store) as warehouse:
        found = [_checked(warehouse, name) for name in queryfile.names("checks")]
    broken = [
        {"check": "artifacts", "rows": 1, "example": problem}
        for problem in _problems(store, read=artifacts)
    ]
    return found + (broken or [{"check": "artifacts", "rows": 0, "example": ""}])


def _checked(warehouse: Warehouse, name: str) -> dict[str, Any]:
    rows = warehouse.run(queryfile.read(name))
    first = {} if rows.empty else dict(rows.iloc[0])
    example = ", ".join(f"{column}={value}" for column, value in first.items())
    return {"check": name.removeprefix("checks/"), "rows": len(rows), "example": example}


def _problems(store: Store, *, read: bool) -> Iterator[str]:
    """Say of each artifact that is not what was stored what is wrong with it."""
    artifact = TABLES["artifact"].c
    columns = (artifact.hash, artifact.suffix, artifact.n_bytes)
    for row in store.rows(sa.select(*columns).order_by(artifact.hash)):
        try:
            _verify(store, row, read=read)
        except ArtifactError as error:
            yield error.problem


def _verify(store: Store, row: Mapping[Any, Any], *, read: bool) -> None:
    name = row["hash"], row["suffix"]
    if read or not store.artifacts.has(*name):
        store.artifacts.read(*name)
        return
    path = store.artifacts.path(*name)
    size = store.artifacts.fs.size(path)
    if size != row["n_bytes"]:
        raise ArtifactError(
            f"the artifact {path} has {size} bytes, not {row['n_bytes']}", "run 'charz update'"
        )
