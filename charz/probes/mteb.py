"""MTEB's classifier: scikit-learn's logistic regression as it comes, on raw rows.

``LogisticRegression(C=1, max_iter=100)`` with its default solver, lbfgs: no scaling, no choice of
a penalty, and no certificate; it stops after ``max_iter`` iterations, converged or not. For
figures that stand beside those of the Massive Text Embedding Benchmark [1]_; ``logistic`` is the
probe to deploy.

Parameters
----------
C : float, default 1.0
max_iter : int, default 100

References
----------
.. [1] N. Muennighoff, N. Tazi, L. Magne, N. Reimers, "MTEB: Massive Text Embedding Benchmark",
   EACL 2023, section 3.2.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[2.4], [2.6]])], n_classes=2)
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from operator import index
from typing import TYPE_CHECKING, Any

from charz.errors import InputError
from charz.probes._draws import Task, answer
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PARAMETERS: dict[str, Any] = {"C": 1.0, "max_iter": 100}


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    C: float = PARAMETERS["C"],
    max_iter: int = PARAMETERS["max_iter"],
) -> Iterator[Prediction]:
    """Yield the probabilities of each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, or a parameter is out of range.
    """
    if not 0 < float(C) < float("inf") or index(max_iter) < 1:
        raise InputError(f"C = {C}, max_iter = {max_iter} is no fit", "give positive numbers")
    return answer(partial(_fit, C=float(C), max_iter=max_iter), X, draws, X_evals, n_classes)


def _fit(task: Task, C: float, max_iter: int) -> Prediction:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=C, max_iter=max_iter)
    with warnings.catch_warnings():
        # To stop where it stands after so many iterations is the protocol.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(task.X, task.y)
    return Prediction([model.predict_proba(E) for E in task.X_evals])
