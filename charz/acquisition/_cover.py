"""Greedy maximisation of sum_x w(x) max_l k(x, l): what herding and covering have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

BLOCK = 16
"""Candidates whose gain is computed at once."""


def greedy(K: Floats, covered: Floats, weights: Floats, n_picks: int) -> tuple[Ints, Floats]:
    """Return ``n_picks`` columns of ``K`` of the greatest gains, one after the other.

    The gain of column c is ``sum_x weights[x] max(K[x, c] - covered[x], 0)``. It never grows as
    more columns are picked, so one whose last known gain is below another's present one need not
    be looked at again (M. Minoux, "Accelerated greedy algorithms for maximizing submodular set
    functions", 1978). Of equal gains the earlier column is picked.

    Parameters
    ----------
    K : float array (n_references, n_candidates)
        Not negative.
    covered : float array (n_references,)
        What the labelled rows cover of each reference already.
    weights : float array (n_references,)
        Not negative.
    n_picks : int
        At most ``n_candidates``.

    Returns
    -------
    places, gains : int64 and float64 arrays (n_picks,)

    Examples
    --------
    >>> K = np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.9]])
    >>> greedy(K, np.zeros(2), np.ones(2), 2)[0]
    array([2, 0])
    """
    columns = np.ascontiguousarray(K.T)
    covered = covered.astype(columns.dtype)
    bounds = _gains(columns, covered, weights)
    places = np.empty(n_picks, dtype=np.int64)
    gains = np.empty(n_picks)
    for step in range(n_picks):
        place = _best(columns, covered, weights, bounds)
        places[step], gains[step] = place, bounds[place]
        covered = np.maximum(covered, columns[place])
        bounds[place] = -np.inf
    return places, gains


def _gains(columns: Floats, covered: Floats, weights: Floats) -> Floats:
    return np.maximum(columns - covered, 0) @ weights.astype(np.float64)


def _best(columns: Floats, covered: Floats, weights: Floats, bounds: Floats) -> int:
    """Return the place of the greatest gain; make every bound that was looked at exact."""
    fresh = np.zeros(len(bounds), dtype=bool)
    while True:
        best = int(bounds.argmax())
        if fresh[best]:
            return best
        stale = np.flatnonzero(~fresh & (bounds > -np.inf))
        top = stale[np.argsort(-bounds[stale], kind="stable")[:BLOCK]]
        bounds[top] = np.minimum(bounds[top], _gains(columns[top], covered, weights))
        fresh[top] = True
