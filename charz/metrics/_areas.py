"""How often members of a class outscore the other rows: what areas under ROC curves count.

Everything counted is a whole number, so that the two ways of counting give the same area to
the last bit: sorting a class's column and looking its members up, which is quick for large
classes, and comparing each member with every row, which is quicker for small ones once it is
compiled (all classes of n rows together cost n^2 comparisons, however many classes there are).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.compiled import Loop

if TYPE_CHECKING:
    from charz.records import Floats, Ints

# Comparing a member with 3000 rows takes 0.4 us, sorting 3000 rows as long as some 150 members.
FEW = 144
# Below as many probabilities, loading the compiled loop costs more than it saves.
WORTHWHILE = 1 << 18


def areas(P: Floats, y: Ints, classes: Ints) -> Floats:
    """Return the area under the ROC curve of each class against the rest, (B, len(classes)).

    Parameters
    ----------
    P : float64 array (B, n, n_classes), C-contiguous
    y : int array (n,)
    classes : int array
        Classes with both members and non-members in ``y``.
    """
    counts = np.bincount(y, minlength=P.shape[2])
    order = np.argsort(y, kind="stable")
    ends = np.cumsum(counts)
    wins = np.empty((len(P), len(classes)), dtype=np.int64)
    compare = P.size >= WORTHWHILE or _compare.is_ready
    few = (counts[classes] <= FEW) & compare
    if few.any():
        chosen = classes[few]
        wins[:, few] = _compare(P, order, ends[chosen] - counts[chosen], ends[chosen], chosen)
    for place in np.flatnonzero(~few):
        k = classes[place]
        wins[:, place] = _sort(P[:, :, k], order[ends[k] - counts[k] : ends[k]])
    n_in = counts[classes]
    # The members' wins over one another, each at half a tie, are n_in^2 / 2 whatever they are.
    found: Floats = (wins / 2 - n_in * n_in / 2) / (n_in * (P.shape[1] - n_in))
    return found


def _sort(scores: Floats, members: Ints) -> Ints:
    """Return, for each of B columns (B, n), twice what its members win against all rows."""
    columns, inside = np.sort(scores, axis=1), np.sort(scores[:, members], axis=1)
    if columns.size >= WORTHWHILE or _merge.is_ready or _compare.is_ready:
        merged: Ints = _merge(columns, inside)
        return merged
    return _look_up(columns, inside)


def _look_up(columns: Floats, inside: Floats) -> Ints:
    pairs = zip(columns, inside, strict=True)
    return np.array(
        [c.searchsorted(m, "left").sum() + c.searchsorted(m, "right").sum() for c, m in pairs]
    )


@Loop
def _merge(columns: Floats, inside: Floats) -> Ints:
    """Return what `_look_up` does in one pass along both."""
    n_answers, n = columns.shape
    wins = np.empty(n_answers, dtype=np.int64)
    for b in range(n_answers):
        below, upto, total = 0, 0, 0
        for own in inside[b]:
            while below < n and columns[b, below] < own:
                below += 1
            upto = max(upto, below)
            while upto < n and columns[b, upto] <= own:
                upto += 1
            total += below + upto
        wins[b] = total
    return wins


@Loop
def _compare(P: Floats, order: Ints, starts: Ints, ends: Ints, classes: Ints) -> Ints:
    """Return twice what the members of each class win against all rows, (B, len(classes))."""
    n_answers, n, _ = P.shape
    wins = np.empty((n_answers, len(classes)), dtype=np.int64)
    column = np.empty(n)
    for b in range(n_answers):
        for place in range(len(classes)):
            k = classes[place]
            for i in range(n):
                column[i] = P[b, i, k]
            total = 0
            for member in order[starts[place] : ends[place]]:
                own = column[member]
                for i in range(n):
                    total += int(column[i] < own) + int(column[i] <= own)
            wins[b, place] = total
    return wins
