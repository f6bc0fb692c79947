"""Ridge regression that is judged on groups it did not see, in closed form.

With rows of weights W, penalty R and H = X (X'WX + R)^-1 X'W, what a fit without the rows of a
group g misses on them follows from the fit with all, r = y - H y:

    r_g without g = (I - H_gg)^-1 r_g

so every penalty is compared on left-out groups at the price of one fit each. Not the best is taken
but the largest that lies within half a standard error of it over groups, because few groups make
slopes look surer than they are. Source: Cook and Weisberg 1982, section 2.2, for a group in place
of a row; Breiman et al. 1984, section 3.4.3, for the rule, there with a whole standard error.

Examples
--------
>>> X = np.column_stack([np.ones(6), np.arange(6.0)])
>>> plan = Ridge(X, np.ones(6), np.arange(6), [1e-6, 1e6])
>>> found = plan.fit(3 * X[:, 1:], np.eye(1))
>>> found.penalty, found.slopes.round(3).ravel()
(1e-06, array([0., 3.]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

FREE = 1e-3
"""The penalty of the constant, which is hardly shrunk."""
SAFE = 1 + 1e-9
"""In place of 1 in I - H, so that a row that decides its own fit divides by no zero."""
NEAR = 0.5
"""Standard errors within which a larger penalty is preferred."""


@dataclass(frozen=True)
class Found:
    """The fit whose penalty left-out groups ask for.

    Attributes
    ----------
    penalty : float
    slopes : array (features, outputs)
        Learned from all rows.
    missed : array (rows, outputs)
        What fits without each row's group leave of it.
    """

    penalty: float
    slopes: Floats
    missed: Floats


@dataclass
class Ridge:
    """Solvers for one design, to be used on many outputs.

    Parameters
    ----------
    X : array (rows, features)
        The first feature is the constant.
    weights : array (rows,)
    groups : array (rows,)
        Codes of groups.
    penalties : sequence of float
        In ascending order.
    """

    X: Floats
    weights: Floats
    groups: Ints
    penalties: Sequence[float]
    _solvers: list[Floats] = field(init=False, repr=False)
    _blocks: list[list[Floats]] = field(init=False, repr=False)
    _rows: list[Ints] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.groups, kind="stable")
        ends = np.cumsum(np.unique(self.groups, return_counts=True)[1])[:-1]
        self._rows = np.split(order, ends)
        XW = (self.X * self.weights[:, None]).T
        self._solvers, self._blocks = [], []
        for penalty in self.penalties:
            R = np.full(self.X.shape[1], float(penalty))
            R[0] = FREE
            solver = np.linalg.solve(XW @ self.X + np.diag(R), XW)
            self._solvers.append(solver)
            self._blocks.append([
                np.linalg.inv(SAFE * np.eye(len(rows)) - self.X[rows] @ solver[:, rows])
                for rows in self._rows
            ])  # fmt: skip

    def fit(self, Y: Floats, metric: Floats) -> Found:
        """Return the fit of outputs (rows, outputs).

        ``metric`` (outputs, outputs) says what a miss m counts: m' metric m.
        """
        found: list[Found] = []
        errors: list[list[float]] = []
        for penalty, solver, blocks in zip(
            self.penalties, self._solvers, self._blocks, strict=True
        ):
            slopes = solver @ Y
            missed = Y - self.X @ slopes
            for rows, block in zip(self._rows, blocks, strict=True):
                missed[rows] = block @ missed[rows]
            found.append(Found(float(penalty), slopes, missed))
            each = self.weights * ((missed @ metric) * missed).sum(axis=1)
            errors.append([each[rows].sum() for rows in self._rows])
        return found[_largest(np.array(errors))]


def _largest(errors: Floats) -> int:
    """Return the last penalty whose error, of (penalties, groups), is near the least."""
    totals = errors.sum(axis=1)
    best = int(totals.argmin())
    near = totals[best] + NEAR * errors[best].std() * np.sqrt(errors.shape[1])
    return int(np.flatnonzero(totals <= near).max())
