"""Which dimensions a probe reads: the diagonal of its Fisher information about the embedding.

Formula: f_j = (1/n) sum_i (W_{y_i j} - sum_k p_ik W_kj)^2, the mean squared gradient of
log p(y_i | x_i) by x_ij, with W the weights and p the probabilities of a softmax probe at C = 1
on rows of unit mean square. Source: TaskEmb in Vu et al., Exploring and predicting
transferability across NLP tasks, EMNLP 2020 (2005.00770), after Achille et al., Task2Vec, ICCV
2019; for a frozen encoder the gradient has this closed form. Cost: one fit and O(n K d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError
from charz.probes import LogisticProbe

if TYPE_CHECKING:
    from charz.records import Floats, Ints

INVARIANT = frozenset({"rows", "scale", "labels"})
SAME_LABELS = False
C = 1.0


def embed(X: Floats, y: Ints, n_classes: int) -> Floats:
    """Return the Fisher information, float64 (n_dims,), at least 0.

    Raises
    ------
    InputError
        When the rows are of one class.

    Examples
    --------
    >>> X = np.array([[0.0, 5.0], [1.0, 5.0], [0.2, 5.0], [0.9, 5.0]])
    >>> f = embed(X, np.array([0, 1, 0, 1]), 2)
    >>> bool(f[0] > 100 * f[1])
    True
    """
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise InputError("rows of one class tell nothing apart", "label rows of a second class")
    rows = np.asarray(X, dtype=np.float64)
    probe = LogisticProbe(C=C, cv=0).fit(rows, codes)
    weights = np.asarray(probe.coef_, dtype=np.float64)
    if len(classes) == 2:  # one sigmoid: a softmax whose first class has no weights
        weights = np.vstack([np.zeros_like(weights), weights])
    return information(weights, probe.predict_proba(rows), codes)


def information(weights: Floats, P: Floats, y: Ints) -> Floats:
    """Return the mean squared gradient of log p(y_i | x_i) by the row, (n_dims,).

    Parameters
    ----------
    weights : float array (n_classes, n_dims)
        Of a softmax with any intercepts.
    P : float array (n_rows, n_classes)
        Its probabilities.
    y : int array (n_rows,)

    >>> information(np.array([[0.0], [2.0]]), np.array([[0.5, 0.5]]), np.array([1]))
    array([1.])
    """
    errors = -np.asarray(P, dtype=np.float64)
    errors[np.arange(len(y)), y] += 1
    gradients = errors @ weights
    squares: Floats = (gradients**2).mean(axis=0)
    return squares
