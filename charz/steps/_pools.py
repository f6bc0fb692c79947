"""A pool of texts from files, some of them labelled: what `label` looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import Examples
from charz.sources._split import take
from charz.steps import _files, _kept

if TYPE_CHECKING:
    from charz.records import EncoderSpec, Floats, Ints

Key = tuple[str, str]


@dataclass(frozen=True)
class PoolFile:
    """The texts of a pool, then labelled ones that are not in it.

    Attributes
    ----------
    examples : Examples
    rows : int64 array (n_labelled,)
        Which have a label.
    y : int64 array (n_labelled,)
        Its code.
    classes : tuple of str
        The labels that the codes stand for.
    places : tuple of int
        Which row of the pool's file each text of the pool is, from 0.
    skipped : dict
        Counts of rows left out, by file and reason.
    """

    examples: Examples
    rows: Ints
    y: Ints
    classes: tuple[str, ...]
    places: tuple[int, ...]
    skipped: dict[str, dict[str, int]]


def read(pool: str, labelled: Sequence[str] = (), **columns: Any) -> PoolFile:
    """Read a pool, and the labels that stand in it or in files of their own.

    Raises
    ------
    InputError
        When a file cannot be used, one has pairs and the other not, or a text has two labels.
    """
    from charz.sources.files import read_examples, read_pool

    found = read_pool(pool, **columns)
    skipped = {pool: found.skipped}
    texts, labels = _keys(found.examples), list(found.examples.labels or ())
    for file in labelled:
        more, skipped[file] = read_examples(file, labelled=True, **columns)
        _files.check_alike(found.examples, more)
        _add(texts, labels, more)
    _same(texts, labels)
    rows = np.array([row for row, label in enumerate(labels) if label], dtype=np.int64)
    classes, y = np.unique([labels[row] for row in rows], return_inverse=True)
    pairs = tuple(pair for _, pair in texts) if found.examples.pairs is not None else None
    examples = Examples(tuple(text for text, _ in texts), pairs=pairs)
    return PoolFile(
        examples, rows, y.astype(np.int64), tuple(classes.tolist()), found.places, skipped
    )


def _keys(examples: Examples) -> list[Key]:
    return list(zip(examples.texts, examples.pairs or ("",) * len(examples), strict=True))


def _add(texts: list[Key], labels: list[str], more: Examples) -> None:
    """Give labels to texts that lack one; append the texts that are not there."""
    place = {key: row for row, key in reversed(list(enumerate(texts)))}
    for key, label in zip(_keys(more), more.labels or (), strict=True):
        row = place.get(key)
        if row is not None and not labels[row]:
            labels[row] = label
        elif row is None or labels[row] != label:
            texts.append(key)
            labels.append(label)


def _same(texts: list[Key], labels: list[str]) -> None:
    """Refuse a text with two labels: nobody could say which of them a probe should learn."""
    known: dict[Key, str] = {}
    for key, label in zip(texts, labels, strict=True):
        if label and known.setdefault(key, label) != label:
            raise InputError(
                f"the text '{key[0]:.60}' has the labels '{known[key]:.40}' and '{label:.40}'",
                "keep one of them",
            )


def vectors(spec: EncoderSpec, found: PoolFile) -> Floats:
    """Return float64 vectors (len(examples), n_dims); a fitted encoder learns from all texts.

    Those of the pool and of texts beside it are kept apart: labels that come in from elsewhere
    leave the pool's own as they are.
    """
    known, n_pool = _kept.Encoder([spec], found.examples), len(found.places)
    n = len(found.examples)
    parts = [take(found.examples, range(begin, end)) for begin, end in ((0, n_pool), (n_pool, n))]
    arrays = [known.vectors(part).arrays[0] for part in parts if len(part)]
    return np.vstack(arrays).astype(np.float64)
