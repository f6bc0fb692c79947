"""Votes of neighbours, and the credit of an argmax, where ties are shared.

Sharing makes the answer a property of the points: neither the order of rows nor the codes
of the classes decides a tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints


def neighbour_votes(distances: Floats, one_hot: Floats, k: int) -> Floats:
    """Return how many of its nearest labelled rows vote for each class, (n, n_classes).

    Every row no farther than the k-th nearest votes, so that ties at the edge all count.

    Parameters
    ----------
    distances : float array (n, n_train)
        Squared distances; infinity keeps a row from voting for itself.
    one_hot : float array (n_train, n_classes)
    k : int
        In 1 .. n_train (n_train - 1 where rows may not vote for themselves).
    """
    radius = np.partition(distances, k - 1, axis=1)[:, k - 1]
    near = distances <= (radius * (1 + 1e-9))[:, None]
    votes: Floats = near.astype(np.float64) @ one_hot
    return votes


def credit(scores: Floats, classes: Ints) -> Floats:
    """Return 1 where the class has the best score, 1/m where it ties with m - 1 others, else 0.

    Scores within 1e-9 of the best, relative to its size or to 1, tie.

    >>> credit(np.array([[2.0, 1.0], [1.0, 1.0], [0.0, 3.0]]), np.array([0, 0, 0]))
    array([1. , 0.5, 0. ])
    """
    best = scores.max(axis=1, keepdims=True)
    winners = scores >= best - 1e-9 * np.maximum(np.abs(best), 1)
    won = winners[np.arange(len(scores)), classes]
    shared: Floats = won / winners.sum(axis=1)
    return shared
