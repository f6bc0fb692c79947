"""The linear discriminant probe: Gaussian classes with one shrunken covariance.

``log p(c | x) = x' S^-1 mu_c - mu_c' S^-1 mu_c / 2 + log f_c + const`` with class means mu,
frequencies f and ``S = (1 - a) C + a tr(C) / d I``, C the pooled covariance within classes and a
the Ledoit-Wolf intensity [1]_ of the rows less their class means. Where rows do not vary within
classes, S is the identity: the centroid rule with priors. No cross-validation, no choice;
``chosen`` is a. Cost O(n d min(n, d)).

References
----------
.. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance
   matrices", Journal of Multivariate Analysis 88 (2004), lemma 3.1 and equation 14.

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
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.probes._draws import Task, answer
from charz.probes._temperature import softmax
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

PARAMETERS: dict[str, Any] = {}


def predict(
    X: ArrayLike, draws: Iterable[Draw], X_evals: Iterable[ArrayLike], n_classes: int
) -> Iterator[Prediction]:
    """Yield the discriminant's probabilities for each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``.
    """
    return answer(_fit, X, draws, X_evals, n_classes)


def _fit(task: Task) -> Prediction:
    center = task.X.mean(axis=0)
    means = (task.one_hot.T @ (task.X - center)) / task.counts[:, None]
    within = task.X - center - means[task.y]
    a = intensity(within)
    W = _solve(within, means, a)
    b = np.log(task.counts / len(task.y)) - np.einsum("kd,kd->k", W, means) / 2
    probabilities = [softmax((E - center) @ W.T + b) for E in task.X_evals]
    return Prediction(probabilities, chosen=a)


def intensity(rows: Floats) -> float:
    """Return the Ledoit-Wolf shrinkage intensity of centred rows (n, d), in [0, 1].

    From the smaller Gram matrix: with C the covariance and m its mean eigenvalue, the ratio of
    ``mean ||x x' - C||^2 / n`` to ``||C - m I||^2``, at most 1; 1 where rows do not vary.
    """
    n, d = rows.shape
    norms = np.einsum("nd,nd->n", rows, rows)
    gram = rows @ rows.T if n <= d else rows.T @ rows
    squared = float(np.einsum("ij,ij->", gram, gram)) / n**2
    spread = squared - (norms.sum() / n) ** 2 / d
    if spread <= 0:
        return 1.0
    error = (float(norms @ norms) / n - squared) / n
    return float(np.clip(error / spread, 0, 1))


def _solve(within: Floats, means: Floats, a: float) -> Floats:
    """Return ``means @ S^-1``, (n_classes, d)."""
    n, d = within.shape
    trace = float(np.einsum("nd,nd->", within, within)) / n
    if trace == 0:
        return means
    ridge = max(a, 1e-10) * trace / d
    share = (1 - a) / n
    if n > d:
        S = share * (within.T @ within) + ridge * np.eye(d)
        W: Floats = np.linalg.solve(S, means.T).T
        return W
    # Woodbury: the inverse through the (n, n) Gram matrix of the rows.
    inner = np.eye(n) * ridge + share * (within @ within.T)
    W = (means - share * np.linalg.solve(inner, within @ means.T).T @ within) / ridge
    return W
