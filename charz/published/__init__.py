"""Published results: what others measured and made public, read from their own files.

`read` takes a folder of MTEB's results, in the layout of its repository
(``ORG__MODEL/REVISION/TASK.json`` with ``model_meta.json`` beside) or as tables
(``results.parquet``, ``tasks.parquet``, ``encoders.parquet``), and returns a `Reading`: the lines
that can be used, the tasks and encoders that they are about, and what was left out, by reason and
name. Nothing here sees the database.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charz.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from charz.published._encoders import Model
    from charz.published._tasks import Task


@dataclass
class Skipped:
    """What was left out: by reason, how many lines by the name of the thing concerned."""

    reasons: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, reason: str, names: Counter[str]) -> None:
        """Count lines left out for a reason."""
        if names:
            self.reasons.setdefault(reason, Counter()).update(names)

    def total(self) -> int:
        """Return how many lines were left out.

        >>> skipped = Skipped()
        >>> skipped.add("no score", Counter(a=2, b=1))
        >>> skipped.total()
        3
        """
        return sum(names.total() for names in self.reasons.values())


@dataclass(frozen=True)
class Reading:
    """What a folder says that can be used.

    Attributes
    ----------
    lines : DataFrame
        One per encoder and task: ``model``, ``dataset`` (the task's name here), ``revision``,
        ``dataset_revision``, ``version``, ``accuracy`` and ``macro_f1`` in [0, 1], ``draws`` and
        ``f1_draws`` (float32 arrays, one number per draw, empty where only means are published).
    tasks : dict of Task by name
    models : dict of Model by name
    skipped : Skipped
    """

    lines: pd.DataFrame
    tasks: dict[str, Task]
    models: dict[str, Model]
    skipped: Skipped


def read(folder: str | Path, known: Path | None = None) -> Reading:
    """Read a folder of MTEB's results.

    Parameters
    ----------
    folder : str or Path
        Tables, or the layout of the results' repository (its root, or the folder of encoders).
    known : Path, optional
        A folder whose ``tasks.parquet`` and ``encoders.parquet`` serve where ``folder`` has none:
        the repository's files say nothing of the tasks' classes and sizes.

    Raises
    ------
    InputError
        When the folder is neither, a table is damaged, or nothing says what the tasks are.
    """
    from charz.published import _choose, _encoders, _files, _tables, _tasks

    place, skipped = Path(folder), Skipped()
    facts = {name: _tables.first(name, place, known) for name in ("tasks", "encoders")}
    if facts["tasks"] is None:
        raise InputError(
            f"{place} has no tasks.parquet: its tasks' classes and sizes are not known",
            "put that table beside the results",
        )
    tasks = _tasks.tasks(_tables.table(facts["tasks"], "tasks"), skipped)
    models = None if facts["encoders"] is None else _tables.table(facts["encoders"], "encoders")
    cards: dict[str, dict[str, Any]] = {}
    if (place / "results.parquet").is_file():
        lines = _tables.results(place / "results.parquet")
    else:
        lines, cards = _files.results(place, tasks, skipped)
    lines = _choose.choose(lines, tasks, skipped)
    used = sorted(set(lines["model"]))
    return Reading(
        lines,
        {name: tasks[name] for name in sorted(set(lines["dataset"]))},
        _encoders.models(used, models, cards),
        skipped,
    )
