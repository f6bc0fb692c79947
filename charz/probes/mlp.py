"""The small neural network: one hidden layer, its width and weight decay by cross-validation.

Rectified units between rows in their first principal axes, of root mean square 1 along an axis, and
a softmax; the mean log-loss with ``alpha ||W||^2 / 2 n`` is brought down by L-BFGS from Glorot's
start [1]_ (scikit-learn's `MLPClassifier`), the mean of ``n_starts`` fits is what answers.
Probabilities are the softmax of log-probabilities times one factor (`charz.probes._temperature`),
fitted on cross-validated ones; the setting of the least cross-validated log-loss is chosen, the
first of equals. ``chosen`` is its place in ``grid``. Cost O(n d min(n, d)), and O(n axes width) per
step.

Parameters
----------
grid : sequence of (width, alpha)
n_axes : int, default 128
n_steps : int, default 80
    Steps of L-BFGS, at most.
n_starts : int, default 2
    Fits whose answers are averaged, for eval rows.
folds : int, default 3
    Stratified folds, at most one per row.

References
----------
.. [1] X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
   networks", AISTATS 2010, equation 16.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[0.4], [4.6]])], n_classes=2)
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
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

Grid = Sequence[tuple[int, float]]

PARAMETERS: dict[str, Any] = {
    "grid": ((16, 1.0), (16, 10.0), (64, 3.0), (64, 30.0)),
    "n_axes": 128,
    "n_steps": 80,
    "n_starts": 2,
    "folds": 3,
}


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    grid: Grid = PARAMETERS["grid"],
    n_axes: int = PARAMETERS["n_axes"],
    n_steps: int = PARAMETERS["n_steps"],
    n_starts: int = PARAMETERS["n_starts"],
    folds: int = PARAMETERS["folds"],
) -> Iterator[Prediction]:
    """Yield the probabilities of each draw at its chosen setting: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or a parameter is out of range.
    """
    settings = [(int(width), float(alpha)) for width, alpha in grid]
    sizes = [*(width for width, _ in settings), n_axes, n_steps, n_starts, folds - 1]
    if not settings or min(sizes) < 1 or not all(0 <= alpha < np.inf for _, alpha in settings):
        raise InputError(f"grid = {grid}, folds = {folds}", "give widths >= 1, alpha >= 0")
    solver = partial(_Solver, grid=settings, n_axes=n_axes, n_steps=n_steps, n_starts=n_starts)
    return answer(partial(_folded.fit, solver=solver, folds=folds), X, draws, X_evals, n_classes)


def setting(chosen: float, grid: Grid = PARAMETERS["grid"]) -> dict[str, Any]:
    """Return what ``chosen`` stands for."""
    width, alpha = grid[int(chosen)]
    return {"width": width, "weight_decay": alpha}


class _Solver:
    def __init__(
        self, rows: Rows, grid: list[tuple[int, float]], n_axes: int, n_steps: int, n_starts: int
    ) -> None:
        self._grid, self._n_steps, self._n_starts = grid, n_steps, n_starts
        V = _folded.axes(rows.X, n_axes)
        V = V * np.sqrt(V.shape[1])
        self._y, self._Z, self._evals = rows.y, rows.X @ V, [E @ V for E in rows.X_evals]

    def _fitted(self, Z: Floats, y: Ints, place: int, start: int = 0) -> Any:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        width, alpha = self._grid[place]
        model = MLPClassifier(
            (width,), alpha=alpha, solver="lbfgs", max_iter=self._n_steps, random_state=start
        )
        with warnings.catch_warnings():
            # So many steps are the rule, whether it is there or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(Z, y)

    def left_out(self, rows: Ints, y: Ints, others: Ints) -> list[Floats]:
        Z, asked = self._Z[rows], self._Z[others]
        models = (self._fitted(Z, y, place) for place in range(len(self._grid)))
        return [_log(model.predict_proba(asked)) for model in models]

    def evals(self, place: int) -> list[Floats]:
        starts = range(self._n_starts)
        models = [self._fitted(self._Z, self._y, place, start) for start in starts]
        return [_log(sum(m.predict_proba(Z) for m in models) / len(models)) for Z in self._evals]


def _log(P: Floats) -> Floats:
    found: Floats = np.log(np.maximum(P, 1e-12))
    return found
