"""The linear discriminant probe: Gaussian classes with one shrunken covariance.

``log p(c | x) = x' S^-1 mu_c - mu_c' S^-1 mu_c / 2 + log f_c + const`` with class means mu,
frequencies f and ``S = (1 - a) C + a tr(C) / d I``, C the pooled covariance within classes and a
the Ledoit-Wolf intensity [1]_ of the rows less their class means. Where rows do not vary within
classes, S is the identity: the centroid rule with priors. Nothing is chosen by cross-validation;
``chosen`` is a. Cost O(n d min(n, d)), and as much for each fold.

Parameters
----------
folds : int, default 5
    Stratified folds (`charz.probes._logistic.folds`), at most one per row, that give
    ``cv_probabilities``: a has its own value in each. Classes without a row in a fold's training
    part get probability 0 there. With 0 there are none.

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

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.probes._draws import Task, answer
from charz.probes._logistic.folds import splits
from charz.probes._space import Space
from charz.probes._temperature import softmax
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

PARAMETERS: dict[str, Any] = {"folds": 5}
ROUNDING = 1e-30
"""Variance within classes, over the rows' mean square, that equal rows have by rounding alone."""


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    folds: int = PARAMETERS["folds"],
) -> Iterator[Prediction]:
    """Yield the discriminant's probabilities for each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or there is one fold.
    """
    if folds != 0 and folds < 2:
        raise InputError(f"folds = {folds}", "give 0 for none, or at least 2")
    return answer(partial(_fit, space=Space(X), folds=folds), X, draws, X_evals, n_classes)


def _fit(task: Task, space: Space, folds: int) -> Prediction:
    discriminant, a = _discriminant(task, space.origin)
    cv = _left_out(task, space.origin, folds) if folds else None
    return Prediction([discriminant(E) for E in space.evals(task)], cv, chosen=a)


def _left_out(task: Task, origin: Floats, folds: int) -> Floats:
    """Return the probabilities of rows by fits without their fold, (n, n_classes)."""
    P = np.zeros((len(task.y), task.n_classes))
    for rows, others in splits(task.y, folds):
        classes, codes = np.unique(task.y[rows], return_inverse=True)
        if len(classes) == 1:
            P[others, classes[0]] = 1.0
            continue
        part = Task(task.pool, task.rows[rows], codes, [], len(classes))
        discriminant, _ = _discriminant(part, origin)
        P[np.ix_(others, classes)] = discriminant(task.X[others] - origin)
    return P


def _discriminant(task: Task, origin: Floats) -> tuple[Callable[[Floats], Floats], float]:
    """Return what gives probabilities of rows less the origin, and the intensity."""
    n = len(task.y)
    center = task.X.mean(axis=0)
    rows = task.X - center
    means = (task.one_hot.T @ rows) / task.counts[:, None]
    rows -= means[task.y]
    norms = np.einsum("nd,nd->n", rows, rows)
    if norms.sum() <= ROUNDING * np.einsum("nd,nd->", task.X, task.X):
        rows[:] = norms[:] = 0.0
    # The smaller Gram matrix serves the intensity and the solution.
    gram = rows @ rows.T if n <= rows.shape[1] else rows.T @ rows
    a = _intensity(gram, norms, rows.shape[1])
    W = _solve(rows, gram, means, a, float(norms.sum()) / n)
    b = np.log(task.counts / n) - np.einsum("kd,kd->k", W, means) / 2
    b -= W @ (center - origin)
    return lambda X: softmax(X @ W.T + b), a


def _intensity(gram: Floats, norms: Floats, d: int) -> float:
    """Return the Ledoit-Wolf shrinkage intensity of centred rows (n, d), in [0, 1].

    From their smaller Gram matrix and their squared norms: with C the covariance and m its mean
    eigenvalue, the ratio of ``mean ||x x' - C||^2 / n`` to ``||C - m I||^2``, at most 1; 1 where
    rows do not vary.
    """
    n = len(norms)
    squared = float(np.einsum("ij,ij->", gram, gram)) / n**2
    spread = squared - (norms.sum() / n) ** 2 / d
    if spread <= 0:
        return 1.0
    error = (float(norms @ norms) / n - squared) / n
    return float(np.clip(error / spread, 0, 1))


def _solve(rows: Floats, gram: Floats, means: Floats, a: float, trace: float) -> Floats:
    """Return ``means @ S^-1``, (n_classes, d)."""
    n, d = rows.shape
    if trace == 0:
        return means
    ridge = max(a, 1e-10) * trace / d
    share = (1 - a) / n
    S = share * gram
    S.ravel()[:: len(S) + 1] += ridge
    if n > d:
        W: Floats = _over(S, means.T).T
        return W
    # Woodbury: the inverse through the (n, n) Gram matrix of the rows.
    W = (means - share * _over(S, rows @ means.T).T @ rows) / ridge
    return W


def _over(S: Floats, B: Floats) -> Floats:
    """Return ``S^-1 B`` of a symmetric matrix, positive definite but for rounding."""
    from scipy.linalg import cho_factor, cho_solve

    try:
        found: Floats = cho_solve(cho_factor(S, check_finite=False), B, check_finite=False)
    except np.linalg.LinAlgError:
        found = np.linalg.solve(S, B)
    return found
