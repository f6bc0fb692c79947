"""Stratified folds that depend on nothing but the labels in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Ints


def assign(y: Ints, n_folds: int) -> Ints:
    """Return the fold of each row, in ``range(min(n_folds, n))``.

    Rows sorted by class (stably, so in their given order within one) are dealt out in turn:
    both the sizes of folds and the rows of one class per fold differ by at most 1. A class
    with fewer rows than folds is absent from the held-out part of some folds; a class of one
    row from the training part of one.

    >>> assign(np.array([0, 1, 0, 1, 1, 0]), 3)
    array([0, 0, 1, 1, 2, 2])
    """
    fold = np.empty(len(y), dtype=np.int64)
    fold[np.argsort(y, kind="stable")] = np.arange(len(y)) % min(n_folds, len(y))
    return fold


def splits(y: Ints, n_folds: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield, fold by fold, the rows to train on and those held out.

    >>> [held.tolist() for _, held in splits(np.array([0, 1, 0, 1]), 2)]
    [[0, 1], [2, 3]]
    """
    fold = assign(y, n_folds)
    for each in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold != each), np.flatnonzero(fold == each)
