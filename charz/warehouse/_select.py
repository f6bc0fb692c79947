"""What a statement is and what it reads, as DuckDB's own parser sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from charz.errors import QueryError, UnknownNameError
from charz.schema import TABLES
from charz.warehouse import queryfile

_SYSTEM = ("duckdb_", "pg_", "sqlite_")
_REMEDY = "give exactly one SELECT"


@dataclass(frozen=True)
class Needs:
    """The registry's tables that a statement reads, and the column names that it uses.

    ``columns`` is None where it may read columns without naming them; ``views`` are the
    query files that it reads as if they were tables.
    """

    tables: frozenset[str]
    columns: frozenset[str] | None
    views: frozenset[str]


def only_select(sql: str) -> duckdb.Statement:
    """Return the one SELECT that ``sql`` must be.

    >>> only_select("SELECT $n").named_parameters
    {'n'}
    >>> only_select("DROP TABLE result")
    Traceback (most recent call last):
    charz.errors.QueryError: the query is a DROP statement; give exactly one SELECT
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        reason = str(error).split("\n")[0]
        raise QueryError(f"the query does not parse: {reason}", _REMEDY) from error
    if len(statements) != 1:
        raise QueryError(f"the query holds {len(statements)} statements", _REMEDY)
    if statements[0].type == duckdb.StatementType.MULTI:  # a PIVOT that finds its own columns
        raise QueryError("the query expands into several", "say in PIVOT ... ON x IN (...)")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(f"the query is a {statements[0].type.name} statement", _REMEDY)
    return statements[0]


def needs(connection: duckdb.DuckDBPyConnection, select: str) -> Needs:
    """Return what a SELECT reads.

    >>> wanted = needs(duckdb.connect(), "SELECT sum(n_rows) FROM split WHERE name = 'train'")
    >>> sorted(wanted.tables), sorted(wanted.columns)
    (['split'], ['n_rows', 'name'])
    """
    answer = connection.execute("SELECT json_serialize_sql($sql)", {"sql": select}).fetchall()
    tree = json.loads(answer[0][0])
    if tree["error"]:
        raise QueryError(f"the query is refused: {tree.get('error_message')}", _REMEDY)
    nodes = list(_nodes(tree))
    inner = {entry["key"].lower() for node in nodes for entry in node.get("map", ())}
    names = _names(nodes)
    tables = frozenset(names & set(TABLES))
    return Needs(tables, _columns(nodes, inner - tables), _views(names - tables - inner))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(child, dict | list):
            yield from _nodes(child)


def _names(nodes: list[dict[str, Any]]) -> set[str]:
    """Return the names after FROM, or those of all tables where the catalogue is asked."""
    found = set()
    for node in nodes:
        schema = node.get("schema_name") or "main"
        if node.get("show_type") == "SHOW_SPECIAL" or schema != "main":
            return set(TABLES)
        if node.get("type") == "BASE_TABLE":
            found.add(node["table_name"].lower())
    return {name for name in found if not name.startswith(_SYSTEM)}


def _views(names: set[str]) -> frozenset[str]:
    if not names:
        return frozenset()
    views = {name for name in queryfile.names() if not queryfile.header(name).parameters}
    for name in sorted(names - views):
        raise UnknownNameError.among("table", name, {*TABLES, *views})
    return frozenset(names)


def _columns(nodes: list[dict[str, Any]], inner: set[str]) -> frozenset[str] | None:
    bases = [node for node in nodes if node.get("type") == "BASE_TABLE"]
    rows = {(node["alias"] or node["table_name"]).lower() for node in bases} - inner
    used: set[str] = set()
    harmless = {id(star) for node in nodes for star in _stars_over_inner(node, inner)}
    for node in nodes:
        if id(node) not in harmless and _takes_all(node, inner):
            return None
        names = {name.lower() for name in node.get("column_names") or ()}
        if len(names) == 1 and names & rows:
            return None  # the whole row as one value
        used |= names | {name.lower() for name in node.get("using_columns") or ()}
    return frozenset(used)


def _takes_all(node: dict[str, Any], inner: set[str]) -> bool:
    """Return whether a node reads columns of a table that it does not name."""
    if node.get("type") == "STAR":
        return node["relation_name"].lower() not in inner
    if node.get("type") == "PIVOT":
        return not _is_inner(node["source"], inner)
    return node.get("type") == "POSITIONAL_REFERENCE" or node.get("ref_type") == "NATURAL"


def _stars_over_inner(node: dict[str, Any], inner: set[str]) -> list[Any]:
    """Return the stars that take all columns of a subquery, which names its own."""
    if node.get("type") != "SELECT_NODE" or not _is_inner(node["from_table"], inner):
        return []
    return [item for item in node["select_list"] if item["type"] == "STAR"]


def _is_inner(relation: dict[str, Any], inner: set[str]) -> bool:
    if relation["type"] in ("PIVOT", "SUBQUERY"):
        return True
    return relation["type"] == "BASE_TABLE" and relation["table_name"].lower() in inner
