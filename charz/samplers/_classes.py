"""What the samplers know of classes: checked codes, a shuffled split, turns within a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError
from charz.records import Draw
from charz.samplers._random import permutation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from charz.records import Floats, Ints


def shuffled(y: ArrayLike, n_classes: int, seed: int) -> Draw:
    """Return every row in random order: one order per seed, shared by all samplers.

    Samplers that begin from it are paired: at rate 0, ``label_noise`` is ``random``.

    Raises
    ------
    InputError
        When ``y`` are no codes in ``range(n_classes)``.
    """
    labels = codes(y, n_classes)
    rows = permutation(len(labels), seed, "rows")
    return Draw(rows, labels[rows])


def codes(y: ArrayLike, n_classes: int) -> Ints:
    """Return labels as int64 (n,), once they are class codes.

    Raises
    ------
    InputError
        When they are not in ``range(n_classes)``.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise InputError(
            f"labels of shape {labels.shape} and type {labels.dtype} are no class codes",
            "give a non-empty vector of integers",
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise InputError(
            f"class codes from {labels.min()} to {labels.max()} do not fit {n_classes} classes",
            "give codes in range(n_classes)",
        )
    return labels.astype(np.int64)


def turns(labels: Ints) -> NDArray[np.int64]:
    """Return how many earlier rows have the same label, int64 (n,).

    >>> turns(np.array([0, 1, 0, 0, 1]))
    array([0, 0, 1, 2, 1])
    """
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    turn = np.empty(len(labels), dtype=np.int64)
    turn[by_class] = np.arange(len(labels)) - first
    return turn


def by_quota(draw: Draw, weights: Floats, seed: int) -> Draw:
    """Reorder so that every prefix follows the class proportions ``weights``; cut where it can't.

    A class's k-th row comes at time (k - 1/2) / weight: the method of Sainte-Lague. The class
    counts m_c of the prefix of size m are, for each m, the integers that minimise Pearson's
    sum_c (m_c - m p_c)^2 / p_c, with p_c the weights over their sum (A. Sainte-Lague, La
    representation proportionnelle et la methode des moindres carres, 1910). Equal times go by
    a random order of the classes. The draw ends before the first row that a class lacks.

    Parameters
    ----------
    draw : Draw
        Rows in random order.
    weights : float array (n_classes,)
        Positive where a class has rows.
    seed : int
        Chooses the order of the classes.
    """
    times = (turns(draw.labels) + 0.5) / weights[draw.labels]
    counts = np.bincount(draw.labels, minlength=len(weights))
    present = counts > 0
    rank = permutation(len(weights), seed, "ties")
    order = np.lexsort((rank[draw.labels], times))
    end = ((counts + 0.5)[present] / weights[present]).min()
    order = order[times[order] < end]
    return Draw(draw.rows[order], draw.labels[order])
