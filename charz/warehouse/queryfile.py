"""Query files: one SELECT under a header that says what it answers, takes and gives.

The header is the comment at the top of the file::

    -- Which encoder is best at $n training rows?
    --
    -- parameter: n BIGINT = 1024  training rows
    -- parameter: group VARCHAR = NULL  only this group of datasets
    -- column: encoder VARCHAR  spec
    -- column: x_* DOUBLE  one per feature

A parameter without ``=`` must be given. Two spaces set the description off. A ``*`` ends
the name of a column that stands for any number of columns. A file without parameters can
be read by other queries as if it were a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from charz import paths
from charz.errors import QueryError, UnknownNameError

_ENTRY = re.compile(
    r"(parameter|column):\s+([A-Za-z_]\w*\*?)\s+(\S+)(?:\s+=\s+(\S+))?(?:\s{2,}(.*))?"
)
_NAME = re.compile(r"(checks/)?[a-z][a-z0-9_]*")
_READERS: Mapping[str, Callable[[str], Any]] = {
    "BIGINT": int,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
    "DOUBLE": float,
    "TIMESTAMP": datetime.fromisoformat,
    "VARCHAR": str,
}


@dataclass(frozen=True)
class Parameter:
    """A value that a query takes; ``default`` is as written, or None where one must be given."""

    name: str
    type: str
    default: str | None
    description: str


@dataclass(frozen=True)
class Column:
    """A column that a query gives."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Header:
    """What the top of a query file says."""

    question: str = ""
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[Column, ...] = ()


def parse(sql: str) -> Header:
    r"""Read the header of a query; a query without one has an empty header.

    Raises
    ------
    QueryError
        When a parameter or column line does not parse.

    Examples
    --------
    >>> header = parse("-- How many?\n-- column: n BIGINT  runs\nSELECT count(*) AS n FROM run")
    >>> header.question, header.columns[0].name, header.columns[0].type
    ('How many?', 'n', 'BIGINT')
    """
    question: list[str] = []
    entries: list[tuple[str, ...]] = []
    for line in sql.lstrip().splitlines():
        if not line.startswith("--"):
            break
        text = line.removeprefix("--").strip()
        if text.startswith(("parameter:", "column:")):
            entries.append(_entry(text))
        elif text and not entries:
            question.append(text)
    return Header(
        " ".join(question),
        tuple(
            Parameter(n, t, d or None, text)
            for kind, n, t, d, text in entries
            if kind == "parameter"
        ),
        tuple(Column(n, t, text) for kind, n, t, _, text in entries if kind == "column"),
    )


def _entry(text: str) -> tuple[str, ...]:
    found = _ENTRY.fullmatch(text)
    if found is None or (found[1] == "parameter" and found[3] not in _READERS):
        raise QueryError(
            f"the header line '{text}' does not parse",
            "write '-- parameter: NAME TYPE = DEFAULT  description' or '-- column: NAME TYPE  "
            f"description'; parameters are {', '.join(_READERS)}",
        )
    return tuple(part or "" for part in found.groups())


def names(folder: str = "") -> list[str]:
    """Return the names of the query files, or of those in ``checks``.

    >>> "training_table" in names()
    True
    """
    prefix = f"{folder}/" if folder else ""
    return sorted(prefix + file.stem for file in (paths.queries() / folder).glob("*.sql"))


def read(name: str) -> str:
    """Return the text of a query file, ``NAME`` or ``checks/NAME``.

    Raises
    ------
    UnknownNameError
        When there is no such file.
    """
    known = names() + names("checks")
    if not _NAME.fullmatch(name) or name not in known:
        raise UnknownNameError.among("query", name, known)
    return (paths.queries() / f"{name}.sql").read_text(encoding="utf-8")


def header(name: str) -> Header:
    """Return the header of a query file.

    >>> [parameter.name for parameter in header("learning_curve").parameters]
    ['encoder', 'dataset', 'probe']
    """
    return parse(read(name))


def bind(header: Header, used: Collection[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every parameter of a statement.

    Texts become what the header says that they are; the statement's parameters that the
    header does not declare take any value as it is.

    Raises
    ------
    QueryError
        When one is missing, unknown, or not of its type.

    Examples
    --------
    >>> header = parse("-- parameter: n BIGINT = 64  rows")
    >>> bind(header, {"n"}, {}), bind(header, {"n"}, {"n": "16"})
    ({'n': 64}, {'n': 16})
    >>> bind(header, {"n"}, {"m": 1})
    Traceback (most recent call last):
    charz.errors.QueryError: unknown parameter m; the query takes n
    """
    declared = {parameter.name: parameter for parameter in header.parameters}
    takes = ", ".join(sorted(used)) or "none"
    unknown = sorted(set(given) - set(used))
    if unknown:
        raise QueryError(f"unknown parameter {', '.join(unknown)}", f"the query takes {takes}")
    values: dict[str, Any] = {
        name: given.get(name, declared[name].default if name in declared else None) for name in used
    }
    missing = [n for n in sorted(used) if n not in given and values[n] is None]
    if missing:
        raise QueryError(
            f"missing parameter {', '.join(missing)}", f"give each with -p {missing[0]}=VALUE"
        )
    return {name: _typed(value, declared.get(name)) for name, value in values.items()}


def _typed(value: Any, parameter: Parameter | None) -> Any:
    if parameter is None or not isinstance(value, str):
        return value
    if value == "NULL":
        return None
    try:
        return _READERS[parameter.type](value)
    except (ValueError, KeyError) as error:
        raise QueryError(
            f"the parameter {parameter.name} cannot be '{value}'", f"give a {parameter.type}"
        ) from error
