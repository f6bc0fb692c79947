"""One sample under a grid of C: from rows of a pool to weights for raw rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic import BUDGET, solve
from charz.probes._logistic.folds import assign
from charz.probes._logistic.problem import TOLERANCE, Problem, Stage, probabilities

if TYPE_CHECKING:
    from charz.probes._logistic.coordinates import Coordinates, Pool
    from charz.records import Floats, Ints


@dataclass(frozen=True)
class Plan:
    """What to fit.

    Attributes
    ----------
    grid : ascending floats
        The C to fit.
    is_scaled : bool
        Whether C refers to rows of mean squared norm 1, not to rows as they are.
    n_folds : int
        0 for none.
    tol : float
        Relative gap to certify; of folds, five times that, by estimate.
    is_exact : bool
        Whether predictions are to be those of the optimum.
    budget : int
        Bytes of working memory.
    """

    grid: Sequence[float]
    is_scaled: bool = False
    n_folds: int = 5
    tol: float = TOLERANCE
    is_exact: bool = False
    budget: int = BUDGET


@dataclass(frozen=True)
class Fit:
    """The fit of a whole sample at one C, and what its folds say of their own rows.

    Attributes
    ----------
    C : float
        As in the plan.
    """

    C: float
    _stage: Stage
    _where: Coordinates

    @cached_property
    def cv_probabilities(self) -> Floats | None:
        """Each row's by the fold that left it out, (n, n_classes); None without folds."""
        found = cross_validated([self])
        return None if found is None else found[0]

    @property
    def gap(self) -> float:
        """Certified bound on ``(f - f*) / f*``."""
        return self._stage.gap

    @cached_property
    def weights(self) -> Floats:
        """``[W, b]`` on raw rows, (K, d + 1); K = 1 for two classes."""
        return self._where.raw(self._stage.V)

    def predict(self, X: Floats) -> Floats:
        """Return class probabilities (m, n_classes) of raw rows (m, d)."""
        return predict(self.weights, X)


def weights_of(found: Sequence[Fit]) -> Floats:
    """Return ``[W, b]`` on raw rows of all fits of one sample, (S, K, d + 1), in one product."""
    return found[0]._where.raw(np.stack([fit._stage.V for fit in found]))


def cross_validated(found: Sequence[Fit]) -> Floats | None:
    """Return ``cv_probabilities`` of all fits of one sample, (S, n, n_classes)."""
    margins = [fit._stage.held_out for fit in found if fit._stage.held_out is not None]
    if not margins:
        return None
    P = probabilities(np.stack(margins).astype(np.float64))
    out = np.empty_like(P)
    out[:, found[0]._where.order] = P
    return out


def predict(weights: Floats, X: Floats) -> Floats:
    """Return class probabilities (..., m, n_classes) of raw rows (m, d).

    ``weights`` (..., K, d + 1) are those of one fit or of several, in one product.
    """
    flat = weights.reshape(-1, weights.shape[-1])
    M = flat[:, :-1] @ X.T
    M += flat[:, -1:]
    return probabilities(M.reshape(*weights.shape[:-1], len(X)))


def fits(pool: Pool, rows: Ints, y: Ints, n_classes: int, plan: Plan) -> Iterator[Fit]:
    """Yield the `Fit` of every C in the plan, in order.

    Parameters
    ----------
    rows : int array (n,)
        Which of the pool's.
    y : int array (n,)
        Codes in ``range(n_classes)``, every one of at least 2 present.

    Raises
    ------
    InputError
        When a row holds NaN or infinities.
    """
    where = pool.coordinates(rows, max(plan.grid), plan.is_scaled)
    fold = assign(y, plan.n_folds) if plan.n_folds else None
    own = fold[where.order] if fold is not None else None
    problem = Problem(where.Z, y[where.order], n_classes, own, where.is_triangular)
    # Solving on unit rows with C * norm^2 is the same problem, better scaled.
    Cs = [C if plan.is_scaled else C / where.scale**2 for C in plan.grid]
    stages = solve(problem, Cs, plan.tol, exact=plan.is_exact, budget=plan.budget)
    for C, stage in zip(plan.grid, stages, strict=True):
        yield Fit(C, stage, where)
