"""Every subset under every C, without a registry: `probe_grid`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import metrics
from charz.errors import InputError
from charz.probes._draws import keep_memory, one_thread
from charz.probes._logistic import BUDGET
from charz.probes._logistic.coordinates import Pool
from charz.probes._logistic.fit import Fit, Plan, cross_validated, fits, predict, weights_of
from charz.probes._logistic.problem import TOLERANCE
from charz.probes.logistic import PARAMETERS, grid_of
from charz.sample import matrix

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

_Subsets = Mapping[Any, "ArrayLike"] | Iterable["ArrayLike"]


def probe_grid(
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_eval: ArrayLike,
    y_eval: ArrayLike,
    *,
    subsets: _Subsets | None = None,
    C: Sequence[float] = PARAMETERS["C"],
    cv: int = 5,
    scale: bool = False,
    tol: float = TOLERANCE,
    exact: bool = False,
    workers: int = 1,
    memory: int = BUDGET,
) -> pd.DataFrame:
    """Train and score scikit-learn's logistic regression for every subset and every C.

    Each fit minimises ``C sum_i loss(y_i, W x_i + b) + ||W||^2 / 2`` with free intercepts, a
    softmax for more than two classes, to a relative gap that is certified in float64.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
    y_train : array (n_train,)
        Labels: whole numbers or strings.
    X_eval : array (n_eval, n_dims)
    y_eval : array (n_eval,)
    subsets : mapping of names to, or iterable of, int or bool arrays, optional
        The training rows of each subset. Default: all rows, once.
    C : sequence of floats
        The grid.
    cv : int
        Stratified folds, made from a subset's labels in order; 0 for none.
    scale : bool
        Multiply each subset by one factor that makes its mean squared row norm 1, so that the
        grid means the same for every encoder, as the ``logistic`` probe does.
    tol : float
        Relative gap to certify for fits on whole subsets; folds stop
        where an estimate of theirs is five times that.
    exact : bool
        Go on in float64 until predictions are those of the optimum.
    workers : int
        Threads, one subset to each at a time; each computes with one thread.
    memory : int
        Bytes of working memory per worker, besides copies of its subset: with more problems
        than fit, folds are solved one after the other.

    Returns
    -------
    DataFrame
        A row per subset and C, in order: ``subset`` (name or number), ``n_train``, ``C``,
        ``cv_accuracy`` and ``cv_log_loss`` (NaN without folds), the metrics of `charz.metrics`
        on the eval rows, ``chosen`` (the C of least cross-validated log-loss, the smaller of
        equals; without folds and with one C, that one), ``gap`` and ``seconds`` (CPU seconds of
        the subset over the number of C).

    Raises
    ------
    InputError
        When arrays do not fit each other, hold NaN or infinities, a subset is empty or names
        rows that are not there, or the grid makes no sense.

    Examples
    --------
    >>> import charz
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> y = ["low", "low", "low", "high", "high", "high"]
    >>> grid = charz.probe_grid(X, y, X, y, subsets={"all": range(6), "ends": [0, 5]}, C=[1], cv=2)
    >>> grid[["subset", "n_train", "C", "accuracy", "chosen"]]
      subset  n_train    C  accuracy  chosen
    0    all        6  1.0       1.0    True
    1   ends        2  1.0       1.0    True
    """
    import pandas as pd

    if workers < 1:
        raise InputError(f"workers = {workers}", "give at least 1")
    keep_memory()
    task = _Task.of(X_train, y_train, X_eval, y_eval)
    plan = Plan(_grid(C, cv, tol), scale, cv, tol, exact, memory)
    named = list(_named(subsets, len(task.y)))
    work = partial(_rows, task, plan)
    if workers == 1 or len(named) == 1:
        tables = list(map(work, named))
    else:
        task.warm(plan, named)
        with one_thread(), ThreadPoolExecutor(workers) as threads:
            tables = list(threads.map(work, named))
    rows = [row for table in tables for row in table]
    return pd.DataFrame({name: [row[name] for row in rows] for name in rows[0]} if rows else {})


def _grid(C: Sequence[float], cv: int, tol: float) -> tuple[float, ...]:
    """Return the grid; without folds it may have several C, of which none is chosen."""
    return grid_of(C, cv or 2, tol)


@dataclass(frozen=True)
class _Task:
    """Checked arrays, with labels as codes."""

    pool: Pool
    y: Ints
    X_eval: Floats
    y_eval: Ints
    n_classes: int

    @classmethod
    def of(cls, X: ArrayLike, y: ArrayLike, X_eval: ArrayLike, y_eval: ArrayLike) -> _Task:
        rows, eval_rows = np.asarray(X), matrix(X_eval, "X_eval")
        if rows.ndim != 2 or rows.dtype.kind not in "fiub":
            raise InputError("X_train is no numeric matrix", "give an array (rows, dims)")
        if rows.shape[1] != eval_rows.shape[1]:
            raise InputError(
                f"X_train has {rows.shape[1]} dimensions, X_eval {eval_rows.shape[1]}",
                "embed both with the same encoder",
            )
        labels = [_labels(y, len(rows), "y_train"), _labels(y_eval, len(eval_rows), "y_eval")]
        classes, codes = np.unique(np.concatenate(labels), return_inverse=True)
        n = len(rows)
        return cls(Pool(rows), codes[:n], eval_rows, codes[n:], len(classes))

    def warm(self, plan: Plan, named: Sequence[tuple[Any, Ints]]) -> None:
        """Compute what subsets share before threads ask for it at once."""
        largest = max((rows for _, rows in named), key=len)
        self.pool.coordinates(largest, max(plan.grid), plan.is_scaled)


def _labels(y: ArrayLike, n: int, name: str) -> Any:
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise InputError(f"{name} has the shape {labels.shape}", f"give one label for {n} rows")
    if labels.dtype.kind not in "iubUS":
        raise InputError(f"{name} holds {labels.dtype} labels", "give whole numbers or strings")
    return labels


def _named(subsets: _Subsets | None, n: int) -> Iterator[tuple[Any, Ints]]:
    if subsets is None:
        subsets = [np.arange(n)]
    pairs = subsets.items() if isinstance(subsets, Mapping) else enumerate(subsets)
    for name, given in pairs:
        rows = np.asarray(given)
        if rows.dtype == bool and rows.shape == (n,):
            rows = np.flatnonzero(rows)
        if rows.ndim != 1 or not rows.size or rows.dtype.kind not in "iu":
            raise InputError(f"subset {name!r} names no rows", "give a list of row numbers")
        if rows.min() < 0 or rows.max() >= n:
            raise InputError(
                f"subset {name!r} asks for rows {rows.min()}..{rows.max()} of {n}",
                "give numbers from 0 on",
            )
        yield name, rows.astype(np.int64)


def _rows(task: _Task, plan: Plan, named: tuple[Any, Ints]) -> list[dict[str, Any]]:
    """Return the table's rows of one subset."""
    name, rows = named
    start = time.thread_time()
    with one_thread():
        found = _scored(task, plan, rows)
    seconds = (time.thread_time() - start) / len(found)
    losses = [row["cv_log_loss"] for row in found]
    chosen = int(np.argmin(losses)) if plan.n_folds else 0 if len(found) == 1 else None
    return [
        {"subset": name, "n_train": len(rows), **row, "chosen": place == chosen, "seconds": seconds}
        for place, row in enumerate(found)
    ]


def _scored(task: _Task, plan: Plan, rows: Ints) -> list[dict[str, Any]]:
    present, y = np.unique(task.y[rows], return_inverse=True)
    if len(present) == 1:
        certain = np.eye(task.n_classes)[np.full(len(task.y_eval), present[0])]
        scored = metrics.measure(certain, task.y_eval)
        sure = {"cv_accuracy": 1.0, "cv_log_loss": 0.0} if plan.n_folds else _NO_FOLDS
        return [{"C": C, **sure, **scored, "gap": 0.0} for C in plan.grid]
    found = list(fits(task.pool, rows, y, len(present), plan))
    P = predict(weights_of(found), task.X_eval)
    if len(present) < task.n_classes:
        narrow, P = P, np.zeros((*P.shape[:2], task.n_classes))
        P[:, :, present] = narrow
    scores = _cross_validated(found, y) | metrics.measure_many(P, task.y_eval)
    return [
        {"C": fit.C}
        | {name: float(values[place]) for name, values in scores.items()}
        | {"gap": fit.gap}
        for place, fit in enumerate(found)
    ]


def _cross_validated(found: Sequence[Fit], y: Ints) -> dict[str, Floats]:
    P = cross_validated(found)
    if P is None:
        return {name: np.full(len(found), value) for name, value in _NO_FOLDS.items()}
    return {"cv_accuracy": metrics.accuracies(P, y), "cv_log_loss": metrics.log_losses(P, y)}


_NO_FOLDS = {"cv_accuracy": float("nan"), "cv_log_loss": float("nan")}
