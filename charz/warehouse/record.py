"""The public record as three tables: which encoder reached what on which task.

One SELECT each: ``queries/record_cells.sql``, ``record_encoders.sql`` and ``record_tasks.sql``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from charz.warehouse import Warehouse, queryfile

if TYPE_CHECKING:
    import pandas as pd

    from charz.store import Store

_LISTS = ("languages", "domains", "training_datasets")


@dataclass(frozen=True)
class Record:
    """What was published under one protocol.

    Attributes
    ----------
    cells : DataFrame
        ``encoder``, ``task``, ``value`` (mean accuracy over draws, in [0, 1]), ``sd`` (of one
        draw, NaN where unknown), ``n_draws``; one row per encoder and task.
    encoders : DataFrame
        By name: ``n_params``, ``n_dims``, ``max_tokens``, ``released`` (in years), ``languages``,
        ``license``, ``open``, ``organisation``, ``lineage``, ``training_datasets``.
    tasks : DataFrame
        By name: ``group``, ``n_classes``, ``n_train``, ``n_eval``, ``mean_chars``, ``languages``,
        ``domains``, ``n_per_class``.
    """

    cells: pd.DataFrame
    encoders: pd.DataFrame
    tasks: pd.DataFrame


def public_record(store: Store) -> Record:
    """Return what a registry knows of results that others published.

    Facts that nobody states are NaN or None; lists are tuples, empty where nothing is stated.

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
    return Record(cells, _facts(encoders, "encoder"), _facts(tasks, "task"))


def _facts(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return facts by name, their lists as tuples."""
    for column in _LISTS:
        if column in frame:
            frame[column] = frame[column].map(tuple)
    return frame.set_index(name)
