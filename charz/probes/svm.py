"""The support vector machine: a linear or a Gaussian kernel, chosen by cross-validation.

scikit-learn's `SVC` [1]_ on rows without their mean and of mean squared norm 1. The Gaussian
kernel is ``exp(-gamma ||x - z||^2)``, a linear one has gamma 0. Classes are told apart in pairs;
votes, with margins to decide between equals, are scores. Probabilities are their softmax times one
factor (`charz.probes._temperature`), fitted on cross-validated scores; the setting of the least
cross-validated log-loss is chosen, the first of equals. ``chosen`` is its place in ``grid``.
Cost O(n^2 d), and O(n^2) to O(n^3) per fit.

Parameters
----------
grid : sequence of (gamma, C)
    gamma 0 or above, C positive.
folds : int, default 4
    Stratified folds, at most one per row.

References
----------
.. [1] C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", ACM Transactions
   on Intelligent Systems and Technology 2 (2011).

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 1, 1, 0]))
>>> (answer,) = predict(X, [draw], [np.array([[-0.5], [2.5]])], n_classes=2, grid=[(1.0, 10.0)])
>>> answer.probabilities[0].argmax(axis=1), setting(answer.chosen, [(1.0, 10.0)])
(array([0, 1]), {'kernel': 'rbf', 'gamma': 1.0, 'C': 10.0})
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.probes import _folded
from charz.probes._draws import answer
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.probes._folded import Rows
    from charz.records import Floats, Ints

Grid = Sequence[tuple[float, float]]

PARAMETERS: dict[str, Any] = {
    "grid": ((0.0, 0.1), (0.0, 1.0), (0.0, 10.0), (0.5, 1.0), (0.5, 10.0), (1.5, 3.0)),
    "folds": 4,
}


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    grid: Grid = PARAMETERS["grid"],
    folds: int = PARAMETERS["folds"],
) -> Iterator[Prediction]:
    """Yield the probabilities of each draw at its chosen setting: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or a parameter is out of range.
    """
    settings = [(float(gamma), float(C)) for gamma, C in grid]
    if (
        not settings
        or folds < 2
        or not all(0 <= g < np.inf and 0 < C < np.inf for g, C in settings)
    ):
        raise InputError(f"grid = {grid}, folds = {folds}", "give gamma >= 0, C > 0, folds >= 2")
    fit = partial(_folded.fit, solver=partial(_Solver, grid=settings), folds=folds)
    return answer(fit, X, draws, X_evals, n_classes)


def setting(chosen: float, grid: Grid = PARAMETERS["grid"]) -> dict[str, Any]:
    """Return what ``chosen`` stands for."""
    gamma, C = grid[int(chosen)]
    return {"kernel": "rbf", "gamma": gamma, "C": C} if gamma else {"kernel": "linear", "C": C}


class _Solver:
    def __init__(self, rows: Rows, grid: list[tuple[float, float]]) -> None:
        self._rows, self._grid = rows, grid

    @cached_property
    def _kernels(self) -> dict[float, Floats]:
        """The rows' kernel of each gamma, (n, n)."""
        return {gamma: self._kernel(self._rows.X, gamma) for gamma in {g for g, _ in self._grid}}

    def _kernel(self, X: Floats, gamma: float) -> Floats:
        own = self._rows.X
        products: Floats = X @ own.T
        if not gamma:
            return products
        lengths = (np.einsum("nd,nd->n", X, X)[:, None], np.einsum("nd,nd->n", own, own))
        K: Floats = np.exp(-gamma * np.maximum(lengths[0] + lengths[1] - 2 * products, 0))
        return K

    def left_out(self, rows: Ints, y: Ints, others: Ints) -> list[Floats]:
        found = []
        for gamma, C in self._grid:
            K = self._kernels[gamma]
            model = _model(C).fit(K[np.ix_(rows, rows)], y)
            found.append(_scores(model, K[np.ix_(others, rows)]))
        return found

    def evals(self, place: int) -> list[Floats]:
        gamma, C = self._grid[place]
        model = _model(C).fit(self._kernels[gamma], self._rows.y)
        return [_scores(model, self._kernel(E, gamma)) for E in self._rows.X_evals]


def _model(C: float) -> Any:
    from sklearn.svm import SVC

    return SVC(C=C, kernel="precomputed", cache_size=64)


def _scores(model: Any, K: Floats) -> Floats:
    return _folded.both_sides(model.decision_function(K))
