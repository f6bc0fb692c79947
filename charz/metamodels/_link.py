"""The scale a metamodel works on, and the row weights it works with.

A metric in [0, 1] is learned as it is, in the points that its error is counted in, and
predictions are clipped to its range; a nonnegative one (log loss) is learned on the log scale.

>>> to_scale("share", [0.5, 0.9]), from_scale("share", [0.5, 1.1])
(array([0.5, 0.9]), array([0.5, 1. ]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

LINKS = ("share", "log")
#: Nonnegative metrics are kept this far from 0.
SMALLEST = 0.001


def choose(target: Floats, link: str | None = None) -> str:
    """Return the link for a metric: as asked, else ``share`` when no value exceeds 1, or ``log``.

    Raises
    ------
    InputError
        When there is no row, a value is negative or not finite, or the link does not fit.

    >>> choose(np.array([0.2, 1.0])), choose(np.array([0.2, 1.7]))
    ('share', 'log')
    """
    if not target.size:
        raise InputError("the metamodel has no row to learn from", "measure some cells first")
    if not np.isfinite(target).all() or target.min() < 0:
        raise InputError("a target is negative or not finite", "leave that result out")
    fitting = LINKS if target.max() <= 1 else LINKS[1:]
    if link is not None and link not in fitting:
        raise InputError(f"the link '{link}' does not suit the target", f"use {fitting[-1]}")
    return link or fitting[0]


def to_scale(link: str, values: ArrayLike) -> Floats:
    """Map metric values to the learned scale; NaN stays NaN."""
    array = np.asarray(values, dtype=np.float64)
    if link == "log":
        return np.log(np.maximum(array, SMALLEST))
    return np.clip(array, 0, 1)


def from_scale(link: str, values: ArrayLike) -> Floats:
    """Map the learned scale back to metric values: the inverse of `to_scale`."""
    array = np.asarray(values, dtype=np.float64)
    if link == "log":
        return np.exp(np.clip(array, -30, 30))
    return np.clip(array, 0, 1)


def spread(link: str, n_train: Floats) -> Floats:
    """Return how far errors are apart on the learned scale, (rows,), up to a factor.

    That of log loss falls with n^(-1/2); a share is learned in points, where what is left to
    learn falls more slowly: it counts the same everywhere.

    >>> spread("log", np.array([16.0, 64.0]))
    array([2., 1.])
    """
    return 8 / np.sqrt(n_train) if link == "log" else np.ones(len(n_train))


def group_weights(groups: ArrayLike) -> Floats:
    """Return row weights that give every group the same total, with mean 1.

    >>> group_weights(["a", "a", "b"])
    array([0.75, 0.75, 1.5 ])
    """
    _, codes, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return len(codes) / (len(sizes) * sizes[codes].astype(np.float64))


def fold_of(groups: ArrayLike, n_folds: int) -> Ints:
    """Return each row's fold in ``range(min(n_folds, n_groups))``, groups kept whole.

    Groups go, largest first, to the fold with the fewest rows: the same for every order
    of rows, and with ``n_folds >= n_groups`` one fold per group.

    >>> fold_of(["a", "b", "b", "c"], 2)
    array([1, 0, 0, 1])
    """
    labels, codes, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    load = np.zeros(min(n_folds, len(labels)), dtype=np.int64)
    fold = np.zeros(len(labels), dtype=np.int64)
    for group in np.lexsort((np.arange(len(labels)), -sizes)):
        fold[group] = np.argmin(load)
        load[fold[group]] += sizes[group]
    return fold[codes]
