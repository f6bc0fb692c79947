"""Tasks: what is known of each classification task of MTEB, one per task and subset (language).

A task is of text where its texts were counted. It is judged on one split: ``test``, or where it
has none the first there is of another test split, ``validation``, ``evaluation`` and ``train``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charz.published import _groups, _tables, _values

if TYPE_CHECKING:
    import pandas as pd

    from charz.published import Skipped

PREFIX = "mteb"
"""What the names of the tasks begin with, as datasets of a registry."""
_CLASSIFIER = "LogisticRegression()"
_ALL = "default"
"""The subset of a task that has no others; of one that has, all of them together."""


@dataclass(frozen=True)
class Task:
    """One task in one language, with what its draws are made of.

    Attributes
    ----------
    name : str
        ``mteb/TASK`` or ``mteb/TASK/SUBSET``.
    task, subset, split : str
        What MTEB calls the task, its subset and the split that is judged.
    group : str
        Tasks that share texts or origin: languages, versions, translations.
    n_per_class, n_draws : int
        Rows per class of a draw, and draws.
    classes : list of str
    train_counts, eval_counts : list of int
        Rows per class of the split that draws are made from, and of the one that is judged.
    on_train : bool
        Whether the two are one split.
    mean_chars : float or None
        Mean characters per text of the judged split.
    """

    name: str
    task: str
    subset: str
    split: str
    group: str
    n_per_class: int
    n_draws: int
    classes: list[str]
    train_counts: list[int]
    eval_counts: list[int]
    on_train: bool
    mean_chars: float | None
    languages: list[str]
    domains: list[str]
    license: str | None
    source: str

    @property
    def draw_counts(self) -> list[int]:
        """Rows per class of one draw."""
        return [min(count, self.n_per_class) for count in self.train_counts]


def tasks(facts: pd.DataFrame, skipped: Skipped) -> dict[str, Task]:
    """Return the tasks of text classification by name.

    What cannot be used is counted: tasks whose facts contradict each other, and those with
    another classifier or a name that no dataset can have.
    """
    rows = facts[facts["n_classes"].notna() & facts["mean_text_length_chars"].notna()]
    every = _tables.rows(rows)
    groups = _groups.groups(every)
    languages = Counter(row["task"] for row in every if row["subset"] != _ALL)
    by_cell: dict[str, dict[str, dict[str, Any]]] = {}
    for row in every:
        if row["subset"] == _ALL and languages[row["task"]]:
            continue  # the languages together: each stands by itself
        by_cell.setdefault(called(row["task"], row["subset"]), {})[row["split"]] = row
    found = {}
    for name, splits in by_cell.items():
        made = _task(name, splits, groups)
        if isinstance(made, Task):
            found[name] = made
        else:
            skipped.add(made, Counter([name]))
    return found


def called(task: str, subset: str) -> str:
    """Return the name of a task in one language.

    >>> called("MassiveIntentClassification", "en"), called("IFlyTek", "default")
    ('mteb/MassiveIntentClassification/en', 'mteb/IFlyTek')
    """
    return f"{PREFIX}/{task}" + ("" if subset == _ALL else f"/{subset}")


def judged(splits: Iterable[str]) -> str:
    """Return the split that a task is judged on.

    >>> judged(["train", "validation", "test_2021"])
    'test_2021'
    """
    order = ("test", "validation", "evaluation", "train")
    names = sorted(splits)
    tests = [name for name in names if name.startswith("test_")]
    wanted = [*order[:1], *tests, *order[1:], *names]
    return next(name for name in wanted if name in names)


def _task(
    name: str, splits: Mapping[str, Mapping[str, Any]], groups: Mapping[str, str]
) -> Task | str:
    """Return a task, or why it cannot be used."""
    from charz.errors import InputError
    from charz.sources._names import dataset_name

    row = splits[judged(splits)]
    train = splits.get(str(row["train_split"]))
    try:
        dataset_name(name)
    except InputError:
        return "a task whose name no dataset can have"
    if row["classifier"] != _CLASSIFIER:
        return "a task with another classifier"
    if train is None:
        return "a task whose training split was not counted"
    counts = [_counts(split["label_counts"]) for split in (train, row)]
    classes = sorted(set(counts[0]) | set(counts[1]))
    n_per_class, n_draws = map(_values.whole, (row["samples_per_label"], row["n_experiments"]))
    if len(classes) < 2 or n_per_class is None or n_draws is None:
        return "a task whose facts contradict each other"
    length = float(row["mean_text_length_chars"])
    return Task(
        name=name,
        task=row["task"],
        subset=row["subset"],
        split=row["split"],
        group=groups[row["task"]],
        n_per_class=n_per_class,
        n_draws=n_draws,
        classes=classes,
        train_counts=[counts[0].get(label, 0) for label in classes],
        eval_counts=[counts[1].get(label, 0) for label in classes],
        on_train=train is row,
        mean_chars=length if 0 < length < 1e9 else None,
        languages=_languages(row["languages"], row["subset"]),
        domains=_values.texts(row["domains"]),
        license=_values.text(row["licence"]),
        source=f"{PREFIX}:{_values.text(row['path'])}@{_values.text(row['revision'])}",
    )


def _counts(value: Any) -> dict[str, int]:
    """Return rows per label; empty where they are no counts."""
    found = _values.parsed(value)
    if not isinstance(found, dict):
        return {}
    counts = {key: _values.whole(count) for key, count in found.items()}
    return {key: count for key, count in counts.items() if count is not None}


def _languages(value: Any, subset: str) -> list[str]:
    """Return the languages of a subset: of a task with several, its own."""
    found = _values.parsed(value)
    if isinstance(found, dict):
        inner = [found[subset]] if subset in found else list(found.values())
        return sorted({language for part in inner for language in _values.texts(part)})
    return _values.texts(found)
