"""Reading files of embeddings with their texts: Parquet, npz, or npy with a text file."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from charz.errors import InputError

SIDECARS = ("jsonl", "csv", "txt")


@dataclass(frozen=True)
class Rows:
    """Vectors float32 (n, n_dims), the row of each key (a text or its hash), and the files."""

    X: NDArray[np.float32]
    index: Mapping[str, int]
    files: tuple[Path, ...]
    is_hashed: bool = False


@lru_cache(maxsize=4)
def read(path: Path, changed: int) -> Rows:
    """Read and check a file of embeddings (``changed`` is its time, for the cache).

    Raises
    ------
    InputError
        When the format is unknown, arrays do not fit each other, values are not finite,
        the file would need unpickling, or one text has two vectors.
    """
    readers = {".parquet": _parquet, ".npz": _npz, ".npy": _npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"'{path}' is no file of embeddings", "give a .parquet, .npz or .npy file")
    return reader(path)


def _parquet(path: Path) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"'{path}' is no readable Parquet file", "write it again") from error
    if table.column_names.count("text") != 1:
        raise InputError(f"'{path}' has no column 'text'", "name the texts' column 'text'")
    texts = table.column("text").to_pylist()
    if "embedding" in table.column_names:
        X = _from_lists(path, table.column("embedding").combine_chunks())
    else:
        X = _from_columns(path, table.drop_columns(["text"]))
    return _rows(path, X, texts, (path,))


def _from_lists(path: Path, column: Any) -> NDArray[Any]:
    import pyarrow as pa

    is_list = any(
        check(column.type)
        for check in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    )
    if not is_list or column.null_count:
        raise InputError(f"'{path}' has no list in every row of 'embedding'", "fill the column")
    values = column.flatten()
    n_rows = len(column)
    n_dims = len(values) // n_rows if n_rows else 0
    ragged = n_rows and set(column.value_lengths().to_pylist()) != {n_dims}
    if ragged or values.null_count:
        raise InputError(
            f"'{path}' has embeddings of several lengths or with nulls",
            "give every text a vector of one length",
        )
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(n_rows, n_dims)


def _from_columns(path: Path, table: Any) -> NDArray[Any]:
    import pyarrow as pa

    for entry in table.schema:
        if not (pa.types.is_floating(entry.type) or pa.types.is_integer(entry.type)):
            raise InputError(
                f"'{path}' has the column '{entry.name}' of type {entry.type}",
                "keep 'text' and 'embedding', or 'text' and numeric columns",
            )
    if not table.num_columns:
        raise InputError(f"'{path}' has no embeddings", "add a column 'embedding'")
    columns = [column.to_numpy() for column in table.itercolumns()]
    return np.column_stack(columns)


def _npz(path: Path) -> Rows:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, BadZipFile, EOFError, KeyError) as error:
        raise _refused(path, error) from error
    keys = [name for name in ("texts", "sha256") if name in arrays]
    if len(keys) != 1 or "embeddings" not in arrays:
        raise InputError(
            f"'{path}' holds the arrays {', '.join(sorted(arrays)) or 'none'}",
            "save 'embeddings' and either 'texts' or 'sha256'",
        )
    names = arrays[keys[0]]
    if names.dtype.kind not in "US" or names.ndim != 1:
        raise InputError(
            f"'{path}' has '{keys[0]}' of dtype {names.dtype} and shape {names.shape}",
            "save a one-dimensional array of strings",
        )
    is_hashed = keys[0] == "sha256"
    listed = np.char.lower(names.astype(str)).tolist() if is_hashed else names.astype(str).tolist()
    return _rows(path, arrays["embeddings"], listed, (path,), is_hashed)


def _npy(path: Path) -> Rows:
    sidecar = _sidecar(path)
    try:
        X = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _refused(path, error) from error
    return _rows(path, X, _texts(sidecar), (path, sidecar))


def _sidecar(path: Path) -> Path:
    stems = (path.name, path.stem)
    places = [path.with_name(f"{stem}.texts.{end}") for stem in stems for end in SIDECARS]
    found = [place for place in places if place.is_file()]
    if len(found) != 1:
        what = "no text file" if not found else f"{len(found)} text files"
        raise InputError(
            f"'{path}' has {what} beside it",
            f"write its texts, row by row, to '{path.stem}.texts.jsonl' (or .csv, .txt)",
        )
    return found[0]


def _texts(path: Path) -> list[Any]:
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is no readable UTF-8 text", "write it again") from error
    if path.suffix == ".csv":
        return _csv_texts(path, content)
    lines = content.removesuffix("\n").split("\n") if content else []
    lines = [line.removesuffix("\r") for line in lines]
    return lines if path.suffix == ".txt" else [_json_text(path, line) for line in lines]


def _csv_texts(path: Path, content: str) -> list[Any]:
    reader = csv.DictReader(content.splitlines(keepends=True), strict=True)
    if "text" not in (reader.fieldnames or ()):
        raise InputError(f"'{path}' has no column 'text'", "name the column in its first line")
    try:
        return [row["text"] for row in reader]
    except csv.Error as error:
        raise InputError(f"'{path}' is no CSV: {error}", "write it again") from error


def _json_text(path: Path, line: str) -> Any:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' has a line that is no JSON", "write one per text") from error
    return value.get("text") if isinstance(value, dict) else value


def _refused(path: Path, error: Exception) -> InputError:
    if any(sign in str(error) for sign in ("allow_pickle", "Object arrays", "Python objects")):
        return InputError(
            f"'{path}' is no NumPy file, or holds Python objects, which could run code when read",
            "save plain numbers and strings (dtype float32 and str)",
        )
    return InputError(f"'{path}' is no readable NumPy file", "write it again with np.save")


def _rows(
    path: Path, X: NDArray[Any], texts: Sequence[Any], files: tuple[Path, ...], hashed: bool = False
) -> Rows:
    if X.ndim != 2 or 0 in X.shape or X.dtype.kind not in "fiu":
        raise InputError(
            f"'{path}' has embeddings of shape {X.shape} and dtype {X.dtype}",
            "give a numeric matrix (texts, dims)",
        )
    if len(texts) != len(X):
        raise InputError(f"'{path}' has {len(X)} vectors for {len(texts)} texts", "give one each")
    if not all(isinstance(text, str) for text in texts):
        bad = next(row for row, text in enumerate(texts) if not isinstance(text, str))
        raise InputError(f"'{path}' has no text in row {bad}", "give every vector its text")
    with np.errstate(over="ignore"):
        vectors = np.ascontiguousarray(X, dtype=np.float32)
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if broken.size:
        raise InputError(
            f"'{path}' has NaN or infinite values in {broken.size} rows, the first {broken[0]}",
            "embed those texts again",
        )
    return Rows(vectors, _index(path, texts, vectors), files, hashed)


def _index(path: Path, texts: Sequence[str], X: NDArray[np.float32]) -> dict[str, int]:
    index: dict[str, int] = {}
    for row, text in enumerate(texts):
        first = index.setdefault(text, row)
        if first != row and not np.array_equal(X[first], X[row]):
            raise InputError(
                f"'{path}' has two vectors for one text, in rows {first} and {row}",
                "keep one of them",
            )
    return index
