"""The ridge probe: penalised least squares on one-hot labels, in closed form.

Minimises ``||Y - X W' - 1 b'||^2 + alpha ||W||^2`` with free intercepts, on rows scaled by one
positive factor per draw to a mean squared norm of 1. Every leave-one-out residual follows
from one decomposition, ``e_i / (1 - h_i)`` [1]_, where the leverage h_i counts the intercept's
1/n. The alpha with the smallest leave-one-out squared error is chosen, the smaller of equals.

Probabilities are the softmax of the fitted scores times one factor, fitted on leave-one-out
scores (`charz.probes._temperature`); ``cv_probabilities`` are those of the leave-one-out scores.
Cost O(n d min(n, d)), and O(n min(n, d) K) per alpha.

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
    frequencies = task.counts / len(task.y)
    Y, alphas = task.one_hot - frequencies, np.array(grid)
    axes = (_of_rows if len(X) <= X.shape[1] else _of_columns)(X, Y, alphas)
    best, errors = _least_left_out(axes)
    left_out = task.one_hot - errors
    t = factor(left_out, task.y)
    W = (t * unit) * axes.weights(best)
    b = t * frequencies - (center - space.origin) @ W
    probabilities = [softmax(E @ W + b) for E in space.evals(task)]
    return Prediction(probabilities, softmax(t * left_out), chosen=grid[best])


@dataclass(frozen=True)
class _Axes:
    """A draw in the axes of its decomposition, where every alpha is a diagonal.

    For the alpha at place a, ``T diag(factors[:, a]) C`` is the fit to ``Y``, or where that is
    None the fit's residuals. Residuals over ``slack[:, a]``, one less the leverages, are the
    left-out ones. ``weights(a)`` are those on centred, scaled rows, (d, n_classes).
    """

    T: Floats
    C: Floats
    factors: Floats
    slack: Floats
    weights: Callable[[int], Floats]
    Y: Floats | None = None


def _of_columns(X: Floats, Y: Floats, alphas: Floats) -> _Axes:
    """Return the axes of ``X'X = V diag(s) V'``."""
    values, V = np.linalg.eigh(X.T @ X)
    inverse = 1 / (np.maximum(values, 0.0)[:, None] + alphas)
    T = X @ V
    C = T.T @ Y
    slack = 1 - 1 / len(X) - np.square(T) @ inverse
    return _Axes(T, C, inverse, slack, lambda a: V @ (inverse[:, a, None] * C), Y)


def _of_rows(X: Floats, Y: Floats, alphas: Floats) -> _Axes:
    """Return the axes of ``XX' = U diag(s) U'`` that are orthogonal to the constant.

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

    def weights(a: int) -> Floats:
        W: Floats = X.T @ (U @ (kept[:, a, None] / alphas[a] * C))
        return W

    return _Axes(U, C, kept, np.square(U) @ kept, weights)


def _least_left_out(axes: _Axes) -> tuple[int, Floats]:
    """Return the place of the best alpha, and ``y_i`` less its prediction by all other rows.

    One product serves as many alphas as make it wide, as BLAS is slow at narrow ones.
    """
    n_alphas, n_classes = axes.factors.shape[1], axes.C.shape[1]
    best, least, errors = 0, np.inf, np.empty(0)
    step = max(1, WIDE // n_classes)
    for start in range(0, n_alphas, step):
        part = axes.factors[:, start : start + step, None] * axes.C[:, None, :]
        products = axes.T @ part.reshape(len(axes.C), -1)
        for a in range(start, min(start + step, n_alphas)):
            E = products[:, (a - start) * n_classes :][:, :n_classes]
            if axes.Y is not None:
                np.subtract(axes.Y, E, out=E)
            E /= axes.slack[:, a, None]
            loss = float(np.einsum("nk,nk->", E, E))
            if loss < least:
                best, least, errors = a, loss, E
    return best, errors
