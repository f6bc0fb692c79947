"""Tasks made of a dataset's classes: some of them, or all put together into fewer; even or not.

Every seed is another task. An even seed keeps 2 to ``most`` classes and leaves the other rows out;
an odd one deals all classes that have `LEAST` rows into 2 to ``most`` groups, which are the new
classes. How many is drawn log-uniformly. Every other two seeds one class is left as it is and of
the others one row in r is kept, r log-uniform in `RATIOS`; so it is for every seed where there
are fewer than three classes to make a task of. Eval rows are chosen and relabelled alike. So one
dataset gives tasks of many difficulties on texts whose vectors are there already, and metamodels
learn from more kinds of tasks than there are datasets.

Source: tasks drawn from one dataset's classes are those of few-shot learning (Vinyals et al.,
Matching networks for one shot learning, NeurIPS 2016).
"""

from __future__ import annotations

import math
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import Draw
from charz.samplers._classes import shuffled
from charz.samplers._random import permutation, uniform

if TYPE_CHECKING:
    from charz.records import Ints

PARAMETERS: dict[str, Any] = {"most": 16}
EVALUATE = "same"
LEAST = 8
"""Rows that a class needs to be part of a task."""
RATIOS = (2.0, 8.0)
"""How many times rarer the rows of other classes are made than those of the one left as it is."""


def draw(y: Ints, n_classes: int, seed: int, most: int = 16) -> Draw:
    """Return the rows of the seed's task in random order, with its labels.

    Parameters
    ----------
    y : int array (n,)
        Class codes in ``range(n_classes)``.
    n_classes : int
    seed : int
    most : int
        Classes that a task has at most, at least 2.

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)`` or ``most`` is no whole number from 2 up.

    Examples
    --------
    >>> y = np.arange(40) % 4
    >>> sorted(set(draw(y, n_classes=4, seed=3, most=2).labels.tolist()))
    [0, 1]
    """
    order = shuffled(y, n_classes, seed)
    labels = np.empty_like(order.labels)
    labels[order.rows] = order.labels
    own = relabelled(labels, task(y, n_classes, seed, most), seed)[order.rows]
    return Draw(order.rows[own >= 0], own[own >= 0])


def task(y: Ints, n_classes: int, seed: int, most: int = 16) -> Ints:
    """Return every class's code in the seed's task, -1 for classes left out, (n_classes,).

    Parameters and errors are those of `draw`.

    >>> codes = task(np.arange(40) % 4, 4, seed=2, most=2)
    >>> sorted(codes.tolist())
    [-1, -1, 0, 1]
    """
    limit = _most(most)
    counts = np.bincount(shuffled(y, n_classes, seed).labels, minlength=n_classes)
    usable = np.flatnonzero(counts >= LEAST)
    if len(usable) < 3:
        return np.arange(n_classes)
    order = usable[permutation(len(usable), seed, "classes")]
    # One class fewer than there are, so that the task is never the dataset's own.
    high = min(limit, len(usable) - 1)
    size = min(int(_between(2, high + 1, float(uniform(1, seed, "size")[0]))), high)
    codes = np.full(n_classes, -1, dtype=np.int64)
    if index(seed) % 2 == 0:
        codes[order[:size]] = np.arange(size)
    else:
        codes[order] = np.arange(len(order)) % size
    return codes


def relabelled(labels: Ints, codes: Ints, seed: int) -> Ints:
    """Return rows' labels in the seed's task, -1 for rows that it leaves out, (n,).

    Parameters
    ----------
    labels : int array (n,)
        The dataset's class codes; rows of another class have -1.
    codes : int array (n_classes,)
        As of `task`.

    >>> relabelled(np.array([0, 1, 2, -1]), np.array([1, -1, 0]), seed=4).tolist()
    [1, -1, 0, -1]
    """
    own = np.where(labels >= 0, codes[labels], -1)
    is_whole = np.array_equal(codes, np.arange(len(codes)))
    if index(seed) % 4 < 2 and not is_whole:
        return own
    ratio = _between(*RATIOS, float(uniform(1, seed, "ratio")[0]))
    whole = int(uniform(1, seed, "whole")[0] * (codes.max() + 1))
    kept = np.where(own == whole, 0, uniform(len(own), seed, "thinned")) < 1 / ratio
    thinned = np.where(kept, own, -1)
    return thinned if thinned.max(initial=-1) >= 0 else own


def _between(low: float, high: float, share: float) -> float:
    """Return a number log-uniform from low to high, at ``share`` of [0, 1).

    >>> [round(_between(2, 8, share), 6) for share in (0, 0.5, 1)]
    [2.0, 4.0, 8.0]
    """
    return low * math.exp(share * math.log(high / low))


def _most(most: int) -> int:
    try:
        number = index(most)
    except TypeError:
        number = 0
    if number < 2:
        raise InputError(f"most = {most!r}", "give a whole number of classes from 2 up")
    return number
