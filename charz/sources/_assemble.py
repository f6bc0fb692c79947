"""Two splits made into one dataset, with the checks that every source shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from charz.errors import InputError
from charz.records import Dataset, DatasetFacts, Examples
from charz.sources._split import take

UNSEEN = "label unseen in training"


def assemble(
    facts: DatasetFacts, train: Examples, test: Examples, skipped: Mapping[str, int]
) -> Dataset:
    """Return the dataset, without the test rows whose label training never shows.

    Raises
    ------
    InputError
        When training has one class only, one split has pairs and the other none, or more
        than half of the test labels are unseen in training.
    """
    two_classes(train, facts.name)
    if (train.pairs is None) != (test.pairs is None):
        which = "test" if test.pairs is None else "train"
        raise InputError(
            f"the {which} split of '{facts.name}' has no second text, the other has",
            "give both splits the pair column",
        )
    seen = set(train.labels or ())
    labels = test.labels or ()
    kept = [row for row, label in enumerate(labels) if label in seen]
    counts = Counter(skipped)
    if len(kept) < len(labels):
        _mostly_seen(facts.name, sorted(set(labels) - seen), len(kept), len(labels))
        counts[UNSEEN] += len(labels) - len(kept)
        test = take(test, kept)
    if not len(test):
        raise InputError(f"the test split of '{facts.name}' is empty", "give more rows")
    return Dataset(facts, train, test, dict(counts))


def two_classes(examples: Examples, name: str) -> Examples:
    """Return labelled examples when they show at least two classes.

    Raises
    ------
    InputError
        When all rows have one label.
    """
    labels = set(examples.labels or ())
    if len(labels) < 2:
        only = f"the label {min(labels)!r:.60}" if labels else "no labels"
        raise InputError(
            f"the training rows of '{name}' have {only} only",
            "give rows of at least two classes, or name the right column with --label-column",
        )
    return examples


def _mostly_seen(name: str, unseen: list[str], n_kept: int, n_rows: int) -> None:
    if n_rows - n_kept <= n_rows / 2:
        return
    shown = ", ".join(f"{label!r:.40}" for label in unseen[:5]) + (", ..." * (len(unseen) > 5))
    raise InputError(
        f"{n_rows - n_kept} of the {n_rows} test rows of '{name}' have labels that training "
        f"never shows: {shown}",
        "give both splits the same labels",
    )
