"""Tables: the Parquet form of published results."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from charz.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[str, ...]] = {
    "results": (
        "model", "revision", "task", "dataset_revision", "mteb_version", "split", "subset",
        "accuracy", "f1", "accuracy_per_experiment", "f1_per_experiment",
    ),
    "tasks": (
        "task", "path", "revision", "languages", "domains", "licence", "samples_per_label",
        "n_experiments", "classifier", "train_split", "superseded_by", "split", "subset",
        "n_examples", "mean_text_length_chars", "n_classes", "label_counts",
    ),
    "encoders": (
        "name", "revision", "release_date", "languages", "n_parameters", "max_tokens", "embed_dim",
        "license", "open_weights", "use_instructions", "adapted_from", "training_datasets",
    ),
}  # fmt: skip
"""What is read of each table; it may have more."""
_LISTS = ("accuracy_per_experiment", "f1_per_experiment")
_NUMBERS = ("accuracy", "f1")


def first(name: str, *folders: Path | None) -> Path | None:
    """Return the first folder's table of this name, or None."""
    places = (folder / f"{name}.parquet" for folder in folders if folder is not None)
    return next((place for place in places if place.is_file()), None)


def table(path: Path, name: str) -> pd.DataFrame:
    """Return a table's columns that are read, missing values as NaN or None.

    Raises
    ------
    InputError
        When it is no Parquet file, or lacks a column.
    """
    frame: pd.DataFrame = _read(path, name).to_pandas()
    return frame


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows by column."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def results(path: Path) -> pd.DataFrame:
    """Return published lines: see `charz.published._choose.LINES`.

    Raises
    ------
    InputError
        When it is no Parquet file, lacks a column, or a column holds other things than numbers.
    """
    import numpy as np

    found = _read(path, "results")
    try:
        lists = {name: _lists(found[name]) for name in _LISTS}
        numbers = {
            name: found[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in _NUMBERS
        }
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise InputError(f"{path} has scores that are no numbers: {error}", "mend it") from error
    frame: pd.DataFrame = found.drop_columns([*_LISTS, *_NUMBERS]).to_pandas()
    frame = frame.rename(columns={"mteb_version": "version"})
    for name in ("model", "task", "split", "subset", "revision"):
        frame[name] = frame[name].fillna("").astype(str)
    frame["accuracy"], frame["macro_f1"] = (np.asarray(numbers[name]) for name in _NUMBERS)
    frame["draws"], frame["f1_draws"] = (lists[name] for name in _LISTS)
    return frame


def _read(path: Path, name: str) -> pa.Table:
    wanted = COLUMNS[name]
    try:
        opened = pq.ParquetFile(path)
        missing = [column for column in wanted if column not in opened.schema_arrow.names]
        if missing:
            raise InputError(f"{path} has no column '{missing[0]}'", "give MTEB's own table")
        return opened.read(columns=list(wanted))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} is no readable Parquet file: {error}", "fetch it anew") from error


def _lists(column: pa.ChunkedArray) -> list[Any]:
    """Return a column of lists as arrays of float32, empty where there is none."""
    import numpy as np

    whole = column.combine_chunks().cast(pa.list_(pa.float32()))
    lengths = pc.fill_null(pc.list_value_length(whole), 0).to_numpy(zero_copy_only=False)
    flat = pc.list_flatten(whole).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).tolist()
    return [flat[start:end] for start, end in pairwise(ends)]
