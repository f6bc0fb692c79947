"""One file of rows - CSV, TSV, JSONL (each also gzipped) or Parquet - read row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from charz.errors import InputError
from charz.sources._bytes import decode, lines, load, regular
from charz.sources._rows import MAX_CHARACTERS, Columns, Rows

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
BROKEN = "broken quoting"
TOO_LONG = f"field longer than {MAX_CHARACTERS} characters"
_ZIPPED = tuple(f"{suffix}.gz" for suffix in SUFFIXES if suffix != ".parquet")


@dataclass(frozen=True)
class Table:
    """The rows of a file and what was learned on the way (encoding, quoting)."""

    rows: Rows
    extra: dict[str, Any] = field(default_factory=dict)


def suffix_of(path: Path) -> str | None:
    """Return the suffix that names a file's format, or None.

    >>> suffix_of(Path("train.JSONL.gz")), suffix_of(Path("train.doc"))
    ('.jsonl.gz', None)
    """
    name = path.name.lower()
    return next((s for s in (*_ZIPPED, *SUFFIXES) if name.endswith(s)), None)


def stem_of(path: Path) -> str:
    """Return a file's name without the suffix that names its format.

    >>> stem_of(Path("data/train.v2.csv.gz"))
    'train.v2'
    """
    return path.name[: -len(suffix_of(path) or "")] if suffix_of(path) else path.stem


def read_table(path: Path, columns: Columns, encoding: str | None = None) -> Table:
    """Read one file.

    Raises
    ------
    InputError
        When the file cannot be read at all; rows that cannot be used are counted instead.
    """
    suffix = suffix_of(path)
    if suffix is None:
        known = ", ".join(SUFFIXES)
        raise InputError(f"'{path.name}' is of no known format", f"give {known} (or .gz of a text)")
    if suffix == ".parquet":
        return Table(_parquet(regular(path), columns))
    text = decode(load(path), path.name, encoding)
    extra = {} if text.encoding == "utf-8" else {"encoding": text.encoding}
    if suffix.startswith((".jsonl", ".ndjson")):
        return Table(json_rows(text.content, path.name, columns), extra)
    if suffix.startswith(".csv"):
        return Table(delimited_rows(text.content, path.name, columns, ","), extra)
    rows = delimited_rows(text.content, path.name, columns, "\t")
    if rows.skipped[BROKEN]:
        extra["quoting"] = "none"
        rows = delimited_rows(text.content, path.name, columns, "\t", csv.QUOTE_NONE)
    return Table(rows, extra)


def delimited_rows(
    text: str,
    where: str,
    columns: Columns,
    delimiter: str,
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL,
) -> Rows:
    """Read delimited text with a header line.

    A row whose quotes do not close costs that one line: reading goes on at the next.
    """
    records = _records(_Cursor(lines(text)), delimiter, quoting)
    header = next(records, None)
    if not isinstance(header, list):
        raise InputError(f"the header of '{where}' does not parse", "mend its quotes")
    rows = Rows(where, columns.present(header, where))
    for record in records:
        if isinstance(record, str):
            rows.skip(record)
        elif len(record) == len(header):
            rows.add(dict(zip(header, record, strict=True)))
        elif record:
            rows.skip("wrong column count")
    return rows


class _Cursor:
    """Lines to read, with a place to go back to."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def __iter__(self) -> _Cursor:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def _records(cursor: _Cursor, delimiter: str, quoting: Literal[0, 3]) -> Iterator[list[str] | str]:
    """Yield records; instead of one that does not parse, the reason for its first line."""
    while cursor.at < len(cursor.lines):
        yield _record(cursor, delimiter, quoting)


def _record(cursor: _Cursor, delimiter: str, quoting: Literal[0, 3]) -> list[str] | str:
    start = cursor.at
    try:
        with _field_limit(MAX_CHARACTERS):
            reader = csv.reader(cursor, delimiter=delimiter, quoting=quoting, strict=True)
            return next(reader, [])
    except csv.Error:
        cursor.at = start + 1
        return TOO_LONG if len(cursor.lines[start]) > MAX_CHARACTERS else BROKEN


@contextmanager
def _field_limit(limit: int) -> Iterator[None]:
    """Lift the csv module's limit for one read; it is global."""
    before = csv.field_size_limit(limit)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def json_rows(text: str, where: str, columns: Columns) -> Rows:
    """Read JSON lines, one object each; lines that are not are counted."""
    parsed = [_object(line) for line in lines(text, newline="\n") if line.strip()]
    objects = [row for row in parsed if row is not None]
    names = list({name: None for row in objects for name in row})
    if not objects:
        raise InputError(f"no line of '{where}' is a JSON object", "write one object a line")
    rows = Rows(where, columns.present(names, where))
    for row in parsed:
        if row is None:
            rows.skip("invalid JSON")
        else:
            rows.add(row)
    return rows


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parquet(path: Path, columns: Columns) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            rows = Rows(path.name, columns.present(names, path.name))
            wanted = [
                name for name in (rows.columns.text, rows.columns.pair, rows.columns.label) if name
            ]
            for batch in file.iter_batches(batch_size=8192, columns=wanted):
                rows.extend(batch.to_pylist())
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"'{path.name}' is no whole Parquet file", "write it again, or fetch it anew"
        ) from error
    return rows
