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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.probes._draws import Task, answer, unit_scale
from charz.probes._temperature import factor, softmax
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

PARAMETERS: dict[str, Any] = {"alpha": (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)}


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
    return answer(partial(_fit, grid=grid), X, draws, X_evals, n_classes)


@dataclass(frozen=True)
class _Spectrum:
    """Thin decomposition ``U s V'`` of the centred rows; ``axes`` is V, (d, r)."""

    U: Floats
    s: Floats
    axes: Floats


def _fit(task: Task, grid: list[float]) -> Prediction:
    unit = unit_scale(task.X)
    center = task.X.mean(axis=0)
    spectrum = _spectrum((task.X - center) * unit)
    errors = [_left_out(spectrum, task, alpha) for alpha in grid]
    best = int(np.argmin([np.einsum("nk,nk->", E, E) for E in errors]))
    left_out = task.one_hot - errors[best]
    t = factor(left_out, task.y)
    W = _weights(spectrum, task.one_hot, grid[best])
    mean = task.counts / len(task.y)
    probabilities = [softmax(t * (((E - center) * unit) @ W + mean)) for E in task.X_evals]
    return Prediction(probabilities, softmax(t * left_out), chosen=grid[best])


def _spectrum(X: Floats) -> _Spectrum:
    n, d = X.shape
    values, vectors = np.linalg.eigh(X @ X.T if n <= d else X.T @ X)
    kept = values > max(values[-1], 0.0) * 1e-14
    s, vectors = np.sqrt(values[kept]), vectors[:, kept]
    if n <= d:
        return _Spectrum(vectors, s, X.T @ (vectors / s))
    return _Spectrum((X @ vectors) / s, s, vectors)


def _left_out(spectrum: _Spectrum, task: Task, alpha: float) -> Floats:
    """Return ``y_i`` less its prediction by all other rows, (n, n_classes)."""
    n = len(task.y)
    shrinkage = spectrum.s**2 / (spectrum.s**2 + alpha)
    Y = task.one_hot - task.counts / n
    residual = Y - (spectrum.U * shrinkage) @ (spectrum.U.T @ Y)
    leverage = 1 / n + np.einsum("nr,nr,r->n", spectrum.U, spectrum.U, shrinkage)
    E: Floats = residual / (1 - leverage)[:, None]
    return E


def _weights(spectrum: _Spectrum, Y: Floats, alpha: float) -> Floats:
    """Return weights (d, n_classes) on centred, scaled rows."""
    s = spectrum.s
    W: Floats = (spectrum.axes * (s / (s**2 + alpha))) @ (spectrum.U.T @ Y)
    return W
