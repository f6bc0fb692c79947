"""The public record as `charz.completion` learns from it: which encoder reached what on which task.

One SELECT each: ``queries/record_cells.sql``, ``record_encoders.sql`` and ``record_tasks.sql``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion._record import LISTS, Record
from charz.warehouse import Warehouse, queryfile

if TYPE_CHECKING:
    import pandas as pd

    from charz.store import Store

_WORDS = ("license", "organisation", "lineage", "group")


def public_record(store: Store) -> Record:
    """Return what a registry knows of results that others published.

    Numbers that nobody states are NaN, an unknown ``license`` is empty, an unknown ``open`` None;
    lists are tuples, empty where nothing is stated, and languages ISO 639-3 codes.

    Examples
    --------
    >>> import tempfile, charz.store
    >>> with charz.store.open(tempfile.mkdtemp() + "/charz.db", create=True) as store:
    ...     public_record(store).cells.columns.tolist()
    ['encoder', 'task', 'value', 'sd', 'n_draws']
    """
    with Warehouse(store) as warehouse:
        cells, encoders, tasks = (
            warehouse.run(queryfile.read(f"record_{name}"))
            for name in ("cells", "encoders", "tasks")
        )
    return Record(_plain(cells), _facts(encoders, "encoder"), _facts(tasks, "task"))


def _facts(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return facts by name, their lists as tuples."""
    for column in LISTS:
        if column in frame:
            frame[column] = frame[column].map(tuple)
    if "languages" in frame:
        frame["languages"] = frame["languages"].map(_codes)
    if "open" in frame:
        known = zip(frame["open"].tolist(), frame["open"].isna(), strict=True)
        frame["open"] = np.array([None if na else bool(each) for each, na in known], dtype=object)
    return _plain(frame.set_index(name))


def _codes(languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages of tags such as ``eng-Latn``."""
    return tuple(sorted({tag.split("-")[0] for tag in languages}))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return numbers as float64 with NaN, whatever integers with gaps came as."""
    for column in frame.columns:
        if column in _WORDS:
            frame[column] = frame[column].fillna("").astype(object)
        elif frame[column].dtype.kind in "iuf":
            frame[column] = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return frame
