"""Optimal transport of rows to few labels: a price per label, then exact repair.

Whatever prices v are put on the labels, giving every row the label of the largest P - v is the
best of all ways to hand out the labels in those numbers (linear programming duality). A few rounds
of setting one price at a time hand out nearly the wanted numbers; rows are then moved one by one
along cheapest chains of labels, which keeps what is reached the best for its numbers. Source:
Ahuja, Magnanti and Orlin, Network flows, 1993, section 9.7 (successive shortest paths); prices:
Bertsekas, The auction algorithm, Annals of Operations Research 14, 1988.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MANY = 80
"""Labels from which a general assignment is quicker."""
SWEEPS = 4
ROUNDING = 1e-12


def transported(P: Floats, counts: Ints) -> Ints:
    """Return labels for the rows, (m,), that give the greatest sum of ``P[row, label]``.

    Parameters
    ----------
    P : float array (m, n_classes)
        In [0, 1].
    counts : int array (n_classes,)
        How often each label is handed out; their sum is m.

    Examples
    --------
    >>> transported(np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]]), np.array([1, 2])).tolist()
    [0, 1, 1]
    """
    given = np.flatnonzero(counts)
    if len(given) == 1 or len(given) >= MANY:
        return _assigned(P, np.repeat(given, counts[given]))
    some = np.asarray(P[:, given], dtype=np.float64)
    found: Ints = given[_repaired(some, counts[given], _prices(some, counts[given]))]
    return found


def _prices(P: Floats, counts: Ints) -> Floats:
    """Return prices at which rows choose the labels about as often as wanted.

    One label's price after the other is set to where it is chosen as often as wanted, midway
    between the last row that is to choose it and the first that is not.
    """
    values, m = np.ascontiguousarray(P.T), len(P)
    net, prices = values.copy(), np.zeros(len(counts))
    for _ in range(SWEEPS):
        off = np.abs(np.bincount(net.argmax(axis=0), minlength=len(counts)) - counts)
        for label in np.argsort(-off, kind="stable")[: np.count_nonzero(off)]:
            net[label] = -np.inf
            gains, k = values[label] - net.max(axis=0), m - counts[label]
            edges = np.partition(gains, (k - 1, k))[k - 1 : k + 1]
            prices[label] = edges.mean()
            net[label] = values[label] - prices[label]
    return prices


def _repaired(P: Floats, counts: Ints, prices: Floats) -> Ints:
    """Return the labels, begun at the prices and mended by cheapest chains."""
    rows = np.arange(len(P))
    labels: Ints = (P - prices).argmax(axis=1)
    extra = np.bincount(labels, minlength=len(counts)) - counts
    while extra.any():
        loss = P[rows, labels][:, None] - P
        end, before = _chain(_moves(loss, labels), extra)
        extra[end] += 1
        while before[end] >= 0:
            start = before[end]
            own = np.flatnonzero(labels == start)
            labels[own[loss[own, end].argmin()]] = end
            end = start
        extra[end] -= 1
    return labels


def _moves(loss: Floats, labels: Ints) -> Floats:
    """Return what it costs to move the best suited row from one label to another, (K, K)."""
    order = np.argsort(labels, kind="stable")
    held, starts = np.unique(labels[order], return_index=True)
    moves = np.full((loss.shape[1],) * 2, np.inf)
    moves[held] = np.minimum.reduceat(loss[order], starts, axis=0)
    return moves


def _chain(moves: Floats, extra: Ints) -> tuple[int, Ints]:
    """Return the end of the cheapest chain from a label with too many rows to one with too few.

    And for every label the one before it on its own cheapest chain, -1 where that begins.
    """
    n = len(extra)
    cost = np.where(extra > 0, 0.0, np.inf)
    before = np.full(n, -1)
    for _ in range(n):
        through = cost[:, None] + moves
        best = through.argmin(axis=0)
        found = through[best, np.arange(n)]
        closer = found < cost - ROUNDING
        if not closer.any():
            break
        cost, before = np.where(closer, found, cost), np.where(closer, best, before)
    return int(np.where(extra < 0, cost, np.inf).argmin()), before


def _assigned(P: Floats, labels: Ints) -> Ints:
    """Return one of ``labels`` for each row, each of them used once."""
    from scipy.optimize import linear_sum_assignment

    found: Ints = labels[linear_sum_assignment(P[:, labels], maximize=True)[1]]
    return found
