"""The public MTEB record that ships with charz, as completion learns from it.

Rules, each stated once and kept:

- which line counts for an encoder and a task, which split is judged and which tasks are one group
  is what `charz.published` says; here languages of one campaign that are datasets of their own
  are one group as well (`JOINED`);
- a column is one task in one language that ``LEAST_ENCODERS`` encoders or more have run, a row an
  encoder with ``LEAST_TASKS`` tasks or more;
- an encoder's organisation is what stands before the slash, its lineage what it was adapted
  from, followed to the end;
- of a task in several languages one column is judged: the whole, else English, else the one with
  most encoders.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from charz import published
from charz.completion._record import ENCODERS, TASKS, Record
from charz.paths import PACKAGE

SHIPPED = PACKAGE / "reference" / "mteb"
LEAST_ENCODERS = 10
LEAST_TASKS = 5
ENGLISH = ("en", "eng", "eng_Latn", "eng-Latn", "english", "English")
JOINED = {
    "FrenkEn": "Frenk", "FrenkHr": "Frenk", "FrenkSl": "Frenk", "SynPerTextTone": "SynPer",
    "SynPerChatbot": "SynPer", "SCD": "SCDB", "AfriSentiLang": "AfriSenti",
    "Textualism": "TextualismTool", "YelpReviewFull": "Yelp",
}  # fmt: skip


def read() -> Record:
    """Return the record; ``tasks`` has two more columns, ``judged`` and ``task``."""
    reading = published.read(SHIPPED)
    lines = reading.lines
    lines = lines[lines.groupby("dataset")["model"].transform("size") >= LEAST_ENCODERS]
    whole = lines["dataset"].map({name: task.task for name, task in reading.tasks.items()})
    lines = lines[whole.groupby(lines["model"]).transform("nunique") >= LEAST_TASKS]
    cells = pd.DataFrame(
        {
            "encoder": lines["model"],
            "task": lines["dataset"],
            "value": lines["accuracy"].astype(float),
            "sd": [_sd(draws) for draws in lines["draws"]],
            "n_draws": [max(len(draws), 1) for draws in lines["draws"]],
        }
    )
    encoders = [reading.models[name] for name in sorted(set(cells["encoder"]))]
    tasks = [reading.tasks[name] for name in sorted(set(cells["task"]))]
    counts = cells.groupby("task").size()
    facts = _encoder_facts(encoders), _task_facts(tasks, counts)
    return Record(cells.reset_index(drop=True), *facts)


def _sd(draws) -> float:
    return float(np.std(draws, ddof=1, dtype=np.float64)) if len(draws) > 1 else np.nan


def group(name: str) -> str:
    """Return a group by the name that the record gives it.

    >>> group("mteb/Massive"), group("mteb/FrenkHr")
    ('Massive', 'Frenk')
    """
    short = name.removeprefix("mteb/")
    return JOINED.get(short, short)


def _task_facts(tasks, counts: pd.Series) -> pd.DataFrame:
    rows = {
        task.name: {
            "group": group(task.group), "n_classes": len(task.classes),
            "n_train": sum(task.train_counts), "n_eval": sum(task.eval_counts),
            "mean_chars": task.mean_chars, "languages": _codes(task.languages),
            "domains": tuple(task.domains), "n_per_class": max(task.draw_counts),
            "task": task.task, "english": task.subset in ENGLISH or task.subset == "default",
        }
        for task in tasks
    }  # fmt: skip
    facts = pd.DataFrame.from_dict(rows, orient="index")
    order = facts.assign(n=counts.reindex(facts.index), name=facts.index)
    by = {"task": True, "english": False, "n": False, "name": True}
    order = order.sort_values(list(by), ascending=list(by.values()))
    facts["judged"] = facts.index.isin(order.drop_duplicates("task").index)
    absent = set(TASKS) - set(facts.columns)
    assert not absent, absent
    return facts.drop(columns="english")


def _codes(languages) -> tuple[str, ...]:
    return tuple(sorted({each.split("-")[0] for each in languages}))


def _encoder_facts(encoders) -> pd.DataFrame:
    days = pd.to_datetime(pd.Series([each.released for each in encoders], dtype=object))
    facts = pd.DataFrame(
        {
            "n_params": [each.n_parameters for each in encoders],
            "n_dims": [each.n_dims for each in encoders],
            "max_tokens": [each.max_tokens for each in encoders],
            "released": (days.dt.year + (days.dt.dayofyear - 1) / 365).to_numpy(),
            "languages": [_codes(each.languages) for each in encoders],
            "license": [each.license or "" for each in encoders],
            "open": [each.is_open for each in encoders],
            "organisation": [each.name.split("/")[0] for each in encoders],
            "lineage": [each.lineage for each in encoders],
            "training_datasets": [tuple(each.saw) for each in encoders],
            "prompted": [each.uses_instructions for each in encoders],
        },
        index=pd.Index([each.name for each in encoders], name="encoder"),
    )
    numbers = facts[["n_params", "n_dims", "max_tokens"]].astype(float)
    facts[numbers.columns] = numbers.where(np.isfinite(numbers) & (numbers > 0))
    absent = set(ENCODERS) - set(facts.columns)
    assert not absent, absent
    return facts
