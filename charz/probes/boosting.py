"""Boosted trees on principal axes, their number of rounds chosen by cross-validation.

scikit-learn's `HistGradientBoostingClassifier` [1]_ on the rows' first principal axes. A round adds
a tree per class; rounds are limited where classes are many. All numbers of rounds come of one fit
per fold. Probabilities are the softmax of log-probabilities times one factor
(`charz.probes._temperature`), fitted on cross-validated ones; the number of the least
cross-validated log-loss is chosen, the smaller of equals. ``chosen`` is its place in ``rounds``.
Cost O(n d min(n, d)), and O(n axes classes) per round.

Parameters
----------
rounds : sequence of ints
    Ascending; those that would grow more than ``most_trees`` trees are left out, but for the first.
n_axes : int, default 32
n_leaves : int, default 8
most_trees : int, default 400
folds : int, default 3
    Stratified folds, at most one per row.

References
----------
.. [1] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.repeat([[0.0], [1.0], [4.0], [5.0]], 5, axis=0)
>>> draw = Draw(np.arange(20), np.repeat([0, 0, 1, 1], 5))
>>> (answer,) = predict(X, [draw], [np.array([[0.4], [4.6]])], n_classes=2)
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from charz.errors import InputError
from charz.probes import _folded
from charz.probes._draws import Task, answer
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.probes._folded import Rows
    from charz.records import Floats, Ints

PARAMETERS: dict[str, Any] = {
    "rounds": (5, 10, 20, 40, 80),
    "n_axes": 32,
    "n_leaves": 8,
    "most_trees": 400,
    "folds": 3,
}
RATE = 0.15
LEAST_PER_LEAF = 3


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    rounds: Sequence[int] = PARAMETERS["rounds"],
    n_axes: int = PARAMETERS["n_axes"],
    n_leaves: int = PARAMETERS["n_leaves"],
    most_trees: int = PARAMETERS["most_trees"],
    folds: int = PARAMETERS["folds"],
) -> Iterator[Prediction]:
    """Yield the probabilities of each draw at its chosen rounds: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or a parameter is out of range.
    """
    grid = [int(each) for each in rounds]
    if not grid or grid != sorted(set(grid)) or min(grid[0], n_axes, n_leaves - 1, folds - 1) < 1:
        raise InputError(f"rounds = {rounds}, folds = {folds}", "give ascending positive integers")

    def fit(task: Task) -> Prediction:
        kept = [each for each in grid if each * task.n_classes <= most_trees] or grid[:1]
        solver = partial(_Solver, rounds=kept, n_axes=n_axes, n_leaves=n_leaves)
        with _one_openmp_thread():
            return _folded.fit(task, solver, folds)

    return answer(fit, X, draws, X_evals, n_classes)


def setting(chosen: float, rounds: Sequence[int] = PARAMETERS["rounds"]) -> dict[str, Any]:
    """Return what ``chosen`` stands for."""
    return {"rounds": rounds[int(chosen)]}


class _Solver:
    def __init__(self, rows: Rows, rounds: list[int], n_axes: int, n_leaves: int) -> None:
        self._rounds, self._n_leaves, self._y = rounds, n_leaves, rows.y
        V = _folded.axes(rows.X, n_axes)
        self._Z, self._evals = rows.X @ V, [E @ V for E in rows.X_evals]

    def _fitted(self, Z: Floats, y: Ints, n_rounds: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            learning_rate=RATE, max_iter=n_rounds, max_leaf_nodes=self._n_leaves,
            min_samples_leaf=LEAST_PER_LEAF, early_stopping=False, random_state=0,
        )  # fmt: skip
        return model.fit(Z, y)

    def left_out(self, rows: Ints, y: Ints, others: Ints) -> list[Floats]:
        model = self._fitted(self._Z[rows], y, self._rounds[-1])
        wanted = set(self._rounds)
        staged = enumerate(model.staged_decision_function(self._Z[others]), start=1)
        return [_scores(S) for n_rounds, S in staged if n_rounds in wanted]

    def evals(self, place: int) -> list[Floats]:
        model = self._fitted(self._Z, self._y, self._rounds[place])
        return [_scores(model.decision_function(Z)) for Z in self._evals]


def _scores(margins: Floats) -> Floats:
    # Binary margins come as (n, 1) when staged.
    return _folded.both_sides(margins[:, 0] if margins.shape[1:] == (1,) else margins)


def _one_openmp_thread() -> Any:
    return _openmp().limit(limits=1)


@cache
def _openmp() -> Any:
    # scikit-learn brings its own OpenMP: load it before looking for thread pools.
    import sklearn.ensemble  # noqa: F401
    import threadpoolctl

    return threadpoolctl.ThreadpoolController().select(user_api="openmp")
