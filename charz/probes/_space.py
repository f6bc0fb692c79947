"""What the draws of one call share: a point amid the pool, and the eval rows seen from it.

Scores are differences of large numbers where a space lies far from 0. Eval rows are therefore
moved once, close to 0 for every draw; each draw then corrects by the little that lies between
this origin and its own mean, and no copy of the eval rows is made per draw.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.probes._draws import Task
    from charz.records import Floats

N_ROWS = 256
"""Rows of the pool whose mean is the origin: any point within the cloud does."""


class Space:
    """The shared part of a call of `predict` with the pool ``X`` (N, n_dims).

    >>> Space([[1.0, 4.0], [3.0, 4.0]]).origin
    array([2., 4.])
    """

    def __init__(self, X: ArrayLike) -> None:
        self._pool = np.asarray(X)
        self._moved: list[Floats] | None = None

    @cached_property
    def origin(self) -> Floats:
        """Mean of evenly spaced rows of the pool that are finite, (n_dims,)."""
        step = max(1, len(self._pool) // N_ROWS)
        rows = self._pool[::step].astype(np.float64)
        finite = rows[np.isfinite(rows).all(axis=1)]
        mean: Floats = finite.mean(axis=0) if len(finite) else np.zeros(rows.shape[1])
        return mean

    def evals(self, task: Task) -> list[Floats]:
        """Return the eval arrays less the origin, the same for every draw of the call."""
        if self._moved is None:
            self._moved = [E - self.origin for E in task.X_evals]
        return self._moved
