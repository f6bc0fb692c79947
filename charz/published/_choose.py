"""Choosing: which published lines are used, and why the others are not.

Of an encoder's lines for one task the best is used: one with single draws before one without,
then that of the newest version of MTEB, of the most draws, and of the revision that sorts last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from charz.published._tasks import called

if TYPE_CHECKING:
    import pandas as pd

    from charz.published import Skipped
    from charz.published._tasks import Task

LINES = (
    "model", "dataset", "revision", "dataset_revision", "version", "accuracy", "macro_f1", "draws",
    "f1_draws",
)  # fmt: skip
"""The columns of lines that are used."""
_MODEL = re.compile(r"[\w.+() =,@-]+(/[\w.+() =,@-]+)*")
_PEOPLE = "baseline/Human"
_TOLERANCE = 0.005

Rank: TypeAlias = list[Any]


def choose(lines: pd.DataFrame, tasks: Mapping[str, Task], skipped: Skipped) -> pd.DataFrame:
    """Return the lines that are used, one per encoder and task, in the order of their names."""
    known = {task.task for task in tasks.values()}
    lines = _drop(lines, ~lines["task"].isin(known), "no known task of text classification",
                  "task", skipped)  # fmt: skip
    pairs = lines[["task", "subset"]].drop_duplicates()
    names = {
        (task, subset): called(task, subset)
        for task, subset in zip(pairs["task"].tolist(), pairs["subset"].tolist(), strict=True)
    }
    lines = lines.assign(
        dataset=list(
            map(
                names.__getitem__,
                zip(lines["task"].tolist(), lines["subset"].tolist(), strict=True),
            )
        )
    )
    lines = _drop(lines, ~lines["dataset"].isin(tasks), "a task or language that is not known",
                  "dataset", skipped)  # fmt: skip
    splits = lines["dataset"].map({name: task.split for name, task in tasks.items()})
    lines = _drop(lines, lines["split"] != splits, "another split than the one judged",
                  "dataset", skipped)  # fmt: skip
    lines = _drop(lines, lines["model"] == _PEOPLE, "people, no encoder", "model", skipped)
    odd = [
        not _MODEL.fullmatch(str(name)) or len(str(name)) > 200 for name in lines["model"].tolist()
    ]
    lines = _drop(lines, odd, "a name that no encoder can have", "model", skipped)
    lines = _scored(lines, tasks, skipped)
    return _best(lines, skipped)


def _drop(
    lines: pd.DataFrame, mask: Any, reason: str, column: str, skipped: Skipped
) -> pd.DataFrame:
    mask = np.asarray(mask, dtype=bool)
    counts: Counter[str] = Counter()
    for name, count in Counter(lines.loc[mask, column].tolist()).items():
        counts[ascii(name)[1:-1][:120]] += count
    skipped.add(reason, counts)
    kept: pd.DataFrame = lines[~mask].reset_index(drop=True)
    return kept


def _scored(lines: pd.DataFrame, tasks: Mapping[str, Task], skipped: Skipped) -> pd.DataFrame:
    """Keep the lines whose scores are shares."""
    n_draws = np.array([len(draws) for draws in lines["draws"]], dtype=np.int64)
    n_f1 = np.array([len(draws) for draws in lines["f1_draws"]], dtype=np.int64)
    wrong = _wrong(lines["draws"], n_draws)
    # A line that has draws need not state their mean.
    means = lines["accuracy"].to_numpy(dtype=np.float64)
    wrong |= ~_is_share(means) & ~(np.isnan(means) & (n_draws > 0))
    most = lines["dataset"].map({name: task.n_draws for name, task in tasks.items()})
    without_f1 = (n_f1 != n_draws) | _wrong(lines["f1_draws"], n_f1)
    f1 = lines["macro_f1"].to_numpy(dtype=np.float64)
    f1_draws: list[Any] = [
        np.full(n, np.nan, dtype=np.float32) if bad else draws
        for draws, n, bad in zip(lines["f1_draws"], n_draws, without_f1, strict=True)
    ]
    lines = lines.assign(
        n_draws=n_draws,
        macro_f1=np.where(_is_share(f1), f1, np.nan),
        f1_draws=f1_draws,
    )
    too_many = n_draws > most.to_numpy(dtype=np.int64)
    lines = _drop(lines, wrong, "a score that is no share", "model", skipped)
    lines = _drop(lines, too_many[~wrong], "more draws than the task has", "model", skipped)
    counts = lines["n_draws"].to_numpy()
    drawn = _means(lines["draws"], counts)
    stated = lines["accuracy"].to_numpy(dtype=np.float64)
    far = np.abs(stated - drawn) > _TOLERANCE  # the draws say what was measured
    lines = _drop(lines, far, "a mean that is not that of its draws", "model", skipped)
    counts, drawn, stated = counts[~far], drawn[~far], stated[~far]
    return lines.assign(accuracy=np.where(np.isnan(stated) & (counts > 0), drawn, stated))


def _means(draws: Any, lengths: Any) -> Any:
    """Return the mean of each list, NaN where it is empty, float64 (n,)."""
    if not lengths.sum():
        return np.full(len(lengths), np.nan)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.bincount(owner, np.concatenate(list(draws)), minlength=len(lengths))
    return np.where(lengths > 0, sums / np.maximum(lengths, 1), np.nan)


def _is_share(values: Any) -> Any:
    return (values >= 0) & (values <= 1)


def _wrong(draws: Any, lengths: Any) -> Any:
    """Return which lists hold something that is no share, bool (n,)."""
    wrong = np.zeros(len(lengths), dtype=bool)
    if lengths.sum():
        flat = np.concatenate(list(draws))
        wrong[np.repeat(np.arange(len(lengths)), lengths)[~_is_share(flat)]] = True
    return wrong


def _best(lines: pd.DataFrame, skipped: Skipped) -> pd.DataFrame:
    """Keep one line per encoder and task."""
    versions = {text: version(text) for text in set(lines["version"].tolist())}
    places = {key: place for place, key in enumerate(sorted(set(map(tuple, versions.values()))))}
    lines = lines.assign(
        has_draws=lines["n_draws"] > 0,
        age=[places[tuple(versions[text])] for text in lines["version"].tolist()],
    )
    keys = ["model", "dataset"]
    ordered = lines.sort_values([*keys, "has_draws", "age", "n_draws", "revision"])
    older = ordered.duplicated(keys, keep="last")
    kept = _drop(ordered, older, "a better line of the same encoder and task", "model", skipped)
    return kept[list(LINES)]


def rank(n_draws: int, version_text: Any, revision: Any) -> Rank:
    """Return a key by which the better of two lines is the larger.

    >>> rank(10, "1.2", "a") > rank(0, "2.0", "b"), rank(10, "1.12", "a") > rank(10, "1.9", "a")
    (True, True)
    """
    return [n_draws > 0, version(version_text), n_draws, str(revision or "")]


def version(text: Any) -> list[int]:
    """Return a version of MTEB as numbers; of a range the last, of nothing none.

    >>> version("1.12.75"), version("2.10.0-2.18.7"), version(None)
    ([1, 12, 75], [2, 18, 7], [])
    """
    last = text.rpartition("-")[2] if isinstance(text, str) else ""
    return [int(number) for number in re.findall(r"\d+", last)[:3]]
