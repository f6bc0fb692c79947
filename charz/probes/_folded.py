"""A setting chosen by cross-validation, for classifiers that somebody else's solver fits.

What such a probe does around the solver: rows without their mean, of mean squared norm 1 and
rounded to a grid, so that neither place nor scale of a space shows; classes in the order in which
they first come, so that their codes do not show; folds, a factor on scores (`_temperature`), and
the setting of the least cross-validated log-loss, the first of equals.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from charz.metrics import log_loss
from charz.probes._draws import Task, unit_scale
from charz.probes._logistic.folds import splits
from charz.probes._temperature import factor, softmax
from charz.records import Prediction

if TYPE_CHECKING:
    from charz.records import Floats, Ints

GRID = 2.0**24
"""Steps per unit that rows are rounded to: what rounding error of another scale does not pass."""


@dataclass(frozen=True)
class Rows:
    """Training rows with classes in order of their first row, and eval rows beside them.

    Attributes
    ----------
    X : float64 array (n, n_dims)
    y : int64 array (n,)
    X_evals : list of float64 arrays (n_eval, n_dims)
    columns : int array (n_classes,)
        Where in ``range(n_classes)`` of these codes each class of the draw stands.
    """

    X: Floats
    y: Ints
    X_evals: list[Floats]
    columns: Ints


class Solver(Protocol):
    """Fits every setting to some rows of a `Rows` and scores others."""

    def left_out(self, rows: Ints, y: Ints, others: Ints) -> list[Floats]:
        """Return for each setting the scores (len(others), n_classes) of the other rows."""
        ...

    def evals(self, place: int) -> list[Floats]:
        """Return the scores of each eval array by a fit of one setting to all rows."""
        ...


def fit(task: Task, solver: Callable[[Rows], Solver], folds: int) -> Prediction:
    """Return the prediction of the setting of the least cross-validated log-loss.

    ``chosen`` is its place among the settings, from 0.
    """
    rows = standard(task)
    with _quiet():
        solved = solver(rows)
        scores = held_out(solved, rows.y, task.n_classes, folds)
    factors = [factor(S, rows.y) for S in scores]
    answers = [softmax(t * S) for t, S in zip(factors, scores, strict=True)]
    best = int(np.argmin([log_loss(P, rows.y) for P in answers]))
    with _quiet():
        found = [softmax(factors[best] * S)[:, rows.columns] for S in solved.evals(best)]
    return Prediction(found, answers[best][:, rows.columns], chosen=float(best))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep scikit-learn from asking whether so many classes are meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield


def standard(task: Task) -> Rows:
    """Return a task's rows centred, scaled, rounded, and its classes by their first row."""
    center = task.X.mean(axis=0)
    unit = unit_scale(task.X - center)

    def moved(X: Floats) -> Floats:
        found: Floats = np.rint((X - center) * (unit * GRID)) / GRID
        return found

    _, first = np.unique(task.y, return_index=True)
    columns = np.argsort(np.argsort(first))
    return Rows(moved(task.X), columns[task.y], [moved(E) for E in task.X_evals], columns)


def held_out(solver: Solver, y: Ints, n_classes: int, folds: int) -> list[Floats]:
    """Return for each setting the scores of rows by fits without their fold, (n, n_classes).

    A class that a fold's training part lacks has the score -inf; where it has one class alone,
    that class has the score 0.
    """
    parts = []
    for rows, others in splits(y, folds):
        classes, codes = np.unique(y[rows], return_inverse=True)
        sure = len(classes) == 1
        scores = None if sure else solver.left_out(rows, codes, others)
        parts.append((np.ix_(others, classes), scores))
    n_settings = max((len(scores) for _, scores in parts if scores is not None), default=1)
    found = [np.full((len(y), n_classes), -np.inf) for _ in range(n_settings)]
    for place, scores in parts:
        for setting, S in enumerate(found):
            S[place] = 0.0 if scores is None else scores[setting]
    return found


def both_sides(margins: Floats) -> Floats:
    """Return scores (n, n_classes) of what a classifier gives: (n,) margins for two classes.

    >>> both_sides(np.array([2.0])).tolist()
    [[-1.0, 1.0]]
    """
    if margins.ndim == 1:
        return np.column_stack([-margins, margins]) / 2
    return margins


def axes(X: Floats, most: int) -> Floats:
    """Return at most ``most`` principal axes of centred rows as columns, (n_dims, axes).

    Those of no variance are left out; one of zeros where there is no other.
    """
    _, values, axes_ = np.linalg.svd(X, full_matrices=False)
    n_kept = min(most, int((values > 1e-6 * max(values[0], 1e-6)).sum()))
    return axes_[:n_kept].T if n_kept else np.zeros((X.shape[1], 1))
