"""Ask the registry a question: a shipped query file by name, or SQL of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from charz.errors import QueryError
from charz.warehouse import Warehouse, queryfile

if TYPE_CHECKING:
    import pandas as pd

    from charz.store import Store


def run(
    store: Store,
    name: str | None = None,
    sql: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Return the rows of a query file, or of one SELECT.

    Parameters
    ----------
    store : Store
        An open registry.
    name : str, optional
        A query of `catalogue`, or ``checks/NAME``.
    sql : str, optional
        One DuckDB SELECT over the registry's tables, instead of a name.
    parameters : mapping, optional
        Values of the ``$name`` parameters; texts are read as the header's types.

    Raises
    ------
    QueryError
        When both or none of name and SQL are given, or the query cannot run.
    UnknownNameError
        When there is no such query or table.

    Examples
    --------
    >>> import tempfile, charz.store
    >>> store = charz.store.open(tempfile.mkdtemp() + "/charz.db", create=True)
    >>> run(store, sql="SELECT $x + 1 AS y", parameters={"x": 1})
       y
    0  2
    >>> store.close()
    """
    if (name is None) == (sql is None):
        raise QueryError("a query needs a name or SQL, and not both", "give one of them")
    text = sql if sql is not None else queryfile.read(str(name))
    with Warehouse(store) as warehouse:
        return warehouse.run(text, parameters)


def catalogue() -> list[dict[str, Any]]:
    """Return every query file: name, question, parameters and columns.

    >>> entry = next(entry for entry in catalogue() if entry["name"] == "training_table")
    >>> entry["parameters"][0]["name"], entry["columns"][0]["type"]
    ('probe', 'VARCHAR')
    """
    return [
        {"name": name} | asdict(queryfile.parse(queryfile.read(name))) for name in queryfile.names()
    ]
