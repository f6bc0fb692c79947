"""The ridge probe: penalised least squares on one-hot labels, in closed form.

Minimises ``||Y - X W' - 1 b'||^2 + alpha ||W||^2`` with free intercepts, on rows scaled by one
positive factor per draw to a mean squared norm of 1. Every leave-one-out residual follows
from one decomposition, ``e_i / (1 - h_i)`` [1]_, where the leverage h_i counts the intercept's
1/n. The alpha with the smallest leave-one-out squared error is chosen, the smaller of equals.

Probabilities are the softmax of the fitted scores times one factor, fitted on leave-one-out
scores (`charz.probes._temperature`); ``cv_probabilities`` are those of the leave-one-out scores.
Cost O(n d min(n, d)), whatever the number of alphas.

Parameters
----------
alpha : sequence of floats, default (0.001, 0.01, 0.1, 1, 10, 100)

References
----------
.. [1] R. M. Rifkin, R. A. Lippert, "Notes on regularized least squares", MIT CSAIL 2007,
   section 4; the intercept's leverage from D. M. Allen, Technometrics 16 (1974).

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[2.4], [2.6]])], n_classes=2)
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.probes._draws import Task, answer, unit_scale
from charz.probes._space import Space
from charz.probes._temperature import factor, softmax
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

PARAMETERS: dict[str, Any] = {"alpha": (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)}
WIDE = 64
"""Columns of a product from which BLAS runs at full speed."""


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    alpha: Sequence[float] = PARAMETERS["alpha"],
) -> Iterator[Prediction]:
    """Yield the ridge probabilities of each draw at its chosen alpha: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or an alpha is not positive.
    """
    grid = sorted({float(value) for value in np.atleast_1d(alpha)})
    if not grid or not all(0 < value < np.inf for value in grid):
        raise InputError(f"alpha = {alpha} is no grid", "give positive finite numbers")
    return answer(partial(_fit, space=Space(X), grid=grid), X, draws, X_evals, n_classes)


def _fit(task: Task, space: Space, grid: list[float]) -> Prediction:
    unit = unit_scale(task.X)
    center = task.X.mean(axis=0)
    X = task.X - center
    X *= unit
    solved = _solve(X, task, np.array(grid))
    best = int(np.argmin([np.einsum("nk,nk->", E, E) for E in solved.errors]))
    left_out = task.one_hot - solved.errors[best]
    t = factor(left_out, task.y)
    W = (t * unit) * solved.weights(best)
    b = t * task.counts / len(task.y) - (center - space.origin) @ W
    probabilities = [softmax(E @ W + b) for E in space.evals(task)]
    return Prediction(probabilities, softmax(t * left_out), chosen=grid[best])


@dataclass(frozen=True)
class _Solved:
    """The solutions of a draw for every alpha.

    ``errors`` are ``y_i`` less its prediction by all other rows, (n_alphas, n, n_classes);
    ``weights`` gives those of one alpha on centred, scaled rows, (d, n_classes).
    """

    errors: Floats
    weights: Callable[[int], Floats]


def _solve(X: Floats, task: Task, alphas: Floats) -> _Solved:
    Y = task.one_hot - task.counts / len(task.y)
    return _by_rows(X, Y, alphas) if len(X) <= X.shape[1] else _by_columns(X, Y, alphas)


def _by_columns(X: Floats, Y: Floats, alphas: Floats) -> _Solved:
    """Solve in the axes of ``X'X = V diag(s) V'``."""
    values, V = np.linalg.eigh(X.T @ X)
    # inverse[r, a] = 1 / (s_r + alpha_a); T = XV has T'T = diag(s).
    inverse = 1 / (np.maximum(values, 0.0)[:, None] + alphas)
    T = X @ V
    C = T.T @ Y
    residuals = Y - _each(T, inverse, C)
    slack = 1 - 1 / len(X) - np.square(T) @ inverse
    return _Solved(residuals / slack.T[:, :, None], lambda a: V @ (inverse[:, a, None] * C))


def _by_rows(X: Floats, Y: Floats, alphas: Floats) -> _Solved:
    """Solve in the axes of ``XX' = U diag(s) U'`` that are orthogonal to the constant.

    The constant is an axis of its own, with the eigenvalue 0. Raised above all others it comes
    last and is left out: what remains are sums of positive terms, exact however small they
    are, in place of the difference ``1 - 1/n - h_i``.
    """
    gram = X @ X.T
    gram += 2 * np.abs(gram).sum(axis=1).max() / len(X) or 1.0
    values, U = np.linalg.eigh(gram)
    values, U = np.maximum(values[:-1], 0.0), U[:, :-1]
    kept = alphas / (values[:, None] + alphas)
    C = U.T @ Y
    slack = np.square(U) @ kept
    return _Solved(
        _each(U, kept, C) / slack.T[:, :, None],
        lambda a: X.T @ (U @ (kept[:, a, None] / alphas[a] * C)),
    )


def _each(T: Floats, factors: Floats, C: Floats) -> Floats:
    """Return ``T diag(factors[:, a]) C`` for every a, (n_alphas, n, n_classes).

    One product for as many alphas as make it wide, as BLAS is slow at narrow ones.
    """
    n_alphas, n_classes = factors.shape[1], C.shape[1]
    found = np.empty((n_alphas, len(T), n_classes))
    step = max(1, WIDE // n_classes)
    for start in range(0, n_alphas, step):
        part = factors[:, start : start + step, None] * C[:, None, :]
        product = T @ part.reshape(len(C), -1)
        found[start : start + step] = product.reshape(len(T), -1, n_classes).transpose(1, 0, 2)
    return found
