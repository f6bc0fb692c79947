"""The centroid probe: the class whose mean is nearest.

Scores are negative squared Euclidean distances to the class means [1]_ over the mean squared
distance of rows to their mean; probabilities their softmax times one factor, fitted on
leave-one-out scores (`charz.probes._temperature`), and 1 where no class has two rows.
Leave-one-out is closed-form: without row x a class of m rows has its mean at a distance of
m / (m - 1) times that of x to the full mean; a class of one row vanishes. Cost O(n d K).

References
----------
.. [1] J. Snell, K. Swersky, R. Zemel, "Prototypical networks for few-shot learning", NeurIPS
   2017, equation 2.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[2.4], [2.6]])], n_classes=2)
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.probes._draws import Task, answer, unit_scale
from charz.probes._space import Space
from charz.probes._temperature import factor, softmax
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

PARAMETERS: dict[str, Any] = {}


def predict(
    X: ArrayLike, draws: Iterable[Draw], X_evals: Iterable[ArrayLike], n_classes: int
) -> Iterator[Prediction]:
    """Yield the nearest-mean probabilities of each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``.
    """
    return answer(partial(_fit, space=Space(X)), X, draws, X_evals, n_classes)


def _fit(task: Task, space: Space) -> Prediction:
    center = task.X.mean(axis=0)
    X = task.X - center
    unit = unit_scale(X)
    X *= unit
    means = (task.one_hot.T @ X) / task.counts[:, None]
    lengths = np.einsum("kd,kd->k", means, means)
    # Scores are -||x - mean||^2 less what is common to all classes, -||x||^2.
    left_out = _without_own_row(2 * (X @ means.T) - lengths, np.einsum("nd,nd->n", X, X), task)
    t = factor(left_out, task.y)
    W = (2 * t * unit) * means
    b = -t * lengths - W @ (center - space.origin)
    return Prediction([softmax(E @ W.T + b) for E in space.evals(task)], softmax(t * left_out))


def _without_own_row(S: Floats, norms: Floats, task: Task) -> Floats:
    """Return the scores of rows with these squared ``norms`` once each is left out."""
    own = np.arange(len(S)), task.y
    m = task.counts[task.y].astype(np.float64)
    distance = norms - S[own]
    with np.errstate(divide="ignore", invalid="ignore"):
        S[own] = np.where(m > 1, norms - (m / (m - 1)) ** 2 * distance, -np.inf)
    return S
