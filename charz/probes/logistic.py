"""The logistic probe: L2-penalised logistic regression, C chosen by cross-validation.

The reference probe. It minimises scikit-learn's objective

    C sum_i loss(y_i, W x_i + b) + ||W||^2 / 2,      b free,

with a softmax for three classes or more present in the draw and one sigmoid for two, to a
proven relative gap of 1e-6 (``Prediction.gap``, `charz.probes._logistic.reference.certificate`).

Parameters
----------
C : sequence of floats, default (0.01, 0.1, 1, 10, 100, 1000)
    The grid. The C with the smallest cross-validated log-loss is chosen, the smaller of equals.
scale : bool, default True
    Multiply rows by one positive factor per draw so that the mean squared norm of the raw
    training rows is 1: the grid then means the same for every encoder. False takes rows as
    they are, as scikit-learn does.
folds : int, default 5
    Stratified folds made from the labels in order (`charz.probes._logistic.folds`), at most one
    per row. Classes without a row in a fold's training part get probability 0 there. With 0,
    a single C is fitted plainly, with no ``cv_probabilities``: ``C=(1,), scale=False, folds=0``
    is the ``mteb`` protocol.
tol : float, default 1e-6
    The relative gap to certify for fits on the whole draw; folds stop where an estimate of
    theirs is five times that.
    Beyond C = 1e5 on unit rows (raw rows of large norm) rounding may keep a fit from it: the
    answer's ``gap`` says what was reached.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0, 1.0], [0.2, 1.0], [1.0, 0.1], [1.0, 0.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[0.1, 0.9]])], n_classes=3)
>>> answer.probabilities[0].argmax(), answer.gap < 1e-6
(np.int64(0), True)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.metrics import log_loss
from charz.probes._draws import Task, answer
from charz.probes._logistic.coordinates import Pool
from charz.probes._logistic.fit import Fit, Plan, fits
from charz.probes._logistic.problem import TOLERANCE
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Ints

PARAMETERS: dict[str, Any] = {
    "C": (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0),
    "scale": True,
    "folds": 5,
    "tol": TOLERANCE,
}


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    C: Sequence[float] = PARAMETERS["C"],
    scale: bool = True,
    folds: int = 5,
    tol: float = TOLERANCE,
) -> Iterator[Prediction]:
    """Yield the probabilities of each draw at its chosen C: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, the grid is empty or not
        positive, has several C without folds to choose by, or ``tol`` is not positive.
    """
    plan = Plan(grid_of(C, folds, tol), scale, folds, tol)
    pool = Pool(X)
    return answer(partial(_fit, pool=pool, plan=plan), pool.X, draws, X_evals, n_classes)


def grid_of(C: Sequence[float], n_folds: int, tol: float) -> tuple[float, ...]:
    """Return the grid of C, ascending, each once; refuse what makes no sense."""
    grid = tuple(sorted({float(value) for value in np.atleast_1d(C)}))
    if not grid or not all(0 < value < np.inf for value in grid):
        raise InputError(f"C = {C} is no grid", "give positive finite numbers")
    if not tol > 0:
        raise InputError(f"tol = {tol}", "give a positive relative gap, e.g. 1e-6")
    if n_folds != 0 and n_folds < 2:
        raise InputError(f"folds = {n_folds}", "give 0 for a plain fit, or at least 2")
    if n_folds == 0 and len(grid) > 1:
        raise InputError("several C but folds = 0", "give one C, or folds to choose by")
    return grid


def _fit(task: Task, pool: Pool, plan: Plan) -> Prediction:
    found = choose(fits(pool, task.rows, task.y, task.n_classes, plan), task.y)
    evals = [found.predict(E) for E in task.X_evals]
    return Prediction(evals, found.cv_probabilities, chosen=found.C, gap=found.gap)


def choose(found: Iterable[Fit], y: Ints) -> Fit:
    """Return the fit of the least cross-validated log-loss, the first of equals.

    Without folds, the first.
    """
    best: Fit | None = None
    least = np.inf
    for fit in found:
        score = -np.inf if fit.cv_probabilities is None else log_loss(fit.cv_probabilities, y)
        if score < least:
            best, least = fit, score
    assert best is not None  # noqa: S101  (the grid is not empty, log-losses are finite)
    return best
