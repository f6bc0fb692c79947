"""A record: which encoder reached which accuracy on which task, and the facts of both.

Examples
--------
>>> record = of_scores({"a/small": {"Banking": 0.6, "Tweets": 0.7}, "b/large": {"Banking": 0.8}})
>>> record.matrix("value").loc["a/small", "Tweets"]
np.float64(0.7)
>>> record.n_cells, list(record.encoders.index)
(3, ['a/small', 'b/large'])
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from charz.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CELLS = ("encoder", "task", "value", "sd", "n_draws")
ENCODERS = (
    "n_params", "n_dims", "max_tokens", "released", "languages", "license", "open",
    "organisation", "lineage", "training_datasets",
)  # fmt: skip
TASKS = (
    "group", "n_classes", "n_train", "n_eval", "mean_chars", "languages", "domains",
    "n_per_class",
)  # fmt: skip
LISTS = ("languages", "domains", "training_datasets")
"""Facts that are tuples of text; empty where unknown."""


@dataclass(frozen=True)
class Record:
    """What was measured under one protocol.

    Attributes
    ----------
    cells : frame (cells, 5)
        ``encoder``, ``task``, ``value``: the mean accuracy over draws in [0, 1], ``sd``: the
        standard deviation of one draw (NaN where unknown), ``n_draws``. One row per cell.
    encoders : frame (encoders, 10)
        By name: ``n_params``, ``n_dims``, ``max_tokens``, ``released`` (year as a number),
        ``languages``, ``license``, ``open``, ``organisation``, ``lineage``,
        ``training_datasets``. NaN, or an empty tuple, where unknown.
    tasks : frame (tasks, 8)
        By name: ``group``, ``n_classes``, ``n_train``, ``n_eval``, ``mean_chars``,
        ``languages``, ``domains``, ``n_per_class``.

    Raises
    ------
    InputError
        When a column is absent, a cell stands twice, a cell's encoder or task has no facts,
        or a value lies outside [0, 1].
    """

    cells: pd.DataFrame
    encoders: pd.DataFrame
    tasks: pd.DataFrame

    def __post_init__(self) -> None:
        for name, columns in (("cells", CELLS), ("encoders", ENCODERS), ("tasks", TASKS)):
            absent = sorted(set(columns) - set(getattr(self, name).columns))
            if absent:
                raise InputError(f"{name} has no column '{absent[0]}'", "give all columns")
        for column, known in (("encoder", self.encoders.index), ("task", self.tasks.index)):
            strange = sorted(set(self.cells[column]) - set(known))
            if strange:
                raise InputError(f"{column} '{strange[0]}' has no facts", "give a row of facts")
        if self.cells.duplicated(["encoder", "task"]).any():
            raise InputError("a cell stands twice", "give one row per encoder and task")
        if not self.cells["value"].between(0, 1).all():
            raise InputError("a value lies outside [0, 1]", "give accuracies as shares")

    @property
    def n_cells(self) -> int:
        """Number of measured cells."""
        return len(self.cells)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the cells, whatever their order."""
        rows = self.cells[["encoder", "task", "value"]].sort_values(["encoder", "task"])
        lines = (f"{e}\t{t}\t{v:.6f}\n" for e, t, v in rows.itertuples(index=False))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def matrix(self, column: str) -> pd.DataFrame:
        """Return a column of the cells as a frame (encoders, tasks), NaN where not measured."""
        wide = self.cells.pivot_table(index="encoder", columns="task", values=column)
        return wide.reindex(index=self.encoders.index, columns=self.tasks.index)

    def without(self, encoders: Iterable[str] = (), tasks: Iterable[str] = ()) -> Record:
        """Return the record as if some encoders and tasks had never been heard of."""
        some, others = set(encoders), set(tasks)
        cells = self.cells
        kept = cells[~cells["encoder"].isin(some) & ~cells["task"].isin(others)]
        return Record(
            kept,
            self.encoders[~self.encoders.index.isin(some)],
            self.tasks[~self.tasks.index.isin(others)],
        )


def of_scores(scores: Mapping[str, Mapping[str, float]]) -> Record:
    """Return a record of plain scores, encoder by task, of which no facts are known."""
    rows = [(e, t, v, np.nan, 1) for e, those in scores.items() for t, v in those.items()]
    cells = pd.DataFrame(rows, columns=list(CELLS))
    return Record(
        cells,
        blank(ENCODERS, sorted(set(cells["encoder"]))),
        blank(TASKS, sorted(set(cells["task"]))),
    )


def blank(columns: Iterable[str], names: Iterable[str]) -> pd.DataFrame:
    """Return facts of which none is known: each name its own group, lineage, organisation."""
    index = pd.Index(list(names), dtype=object)
    facts = pd.DataFrame(index=index)
    for column in columns:
        if column in LISTS:
            facts[column] = [()] * len(index)
        elif column in ("group", "lineage", "organisation"):
            facts[column] = list(index)
        else:
            facts[column] = "" if column == "license" else np.nan
    return facts
