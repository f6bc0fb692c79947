"""What every probe does around its fit: rows, absent classes, one-class draws, CPU time.

A probe's own part sees a `Task`: float64 rows with at least two classes, coded without holes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import Draw, Prediction
from charz.sample import matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints


@dataclass(frozen=True)
class Task:
    """One draw as a probe's fit sees it.

    Attributes
    ----------
    pool : array (N, n_dims)
    rows : int array (n,)
        Which rows of the pool.
    y : int64 array (n,)
        Codes in ``range(n_classes)``, every one of them present.
    X_evals : list of float64 arrays (n_eval, n_dims)
    n_classes : int
        At least 2.
    """

    pool: Floats
    rows: Ints
    y: Ints
    X_evals: list[Floats]
    n_classes: int

    @cached_property
    def X(self) -> Floats:
        """The rows themselves, float64 (n, n_dims), checked."""
        return matrix(self.pool[self.rows], "the training rows")

    @cached_property
    def counts(self) -> Ints:
        """Rows per class, (n_classes,)."""
        return np.bincount(self.y, minlength=self.n_classes)

    @cached_property
    def one_hot(self) -> Floats:
        """Indicator matrix of the labels, (n, n_classes)."""
        return np.eye(self.n_classes)[self.y]


Fit = Callable[[Task], Prediction]


def answer(
    fit: Fit, X: ArrayLike, draws: Iterable[Draw], X_evals: Iterable[ArrayLike], n_classes: int
) -> Iterator[Prediction]:
    """Yield ``fit``'s prediction for each draw, spread over all ``n_classes`` columns.

    Each draw is fitted alone, with one BLAS thread, so that its answer is the same to the last
    bit whatever else is asked for. Classes absent from a draw get probability 0; a draw of a
    single class gives that class probability 1 without a fit.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool, or holds NaN or infinities.
    """
    keep_memory()
    pool = np.asarray(X)
    evals = [matrix(array, f"eval array {place}") for place, array in enumerate(X_evals)]
    finite = np.isfinite(pool).all(axis=-1)
    for draw in draws:
        _check(draw, pool, evals, n_classes)
        if not finite[draw.rows].all():
            matrix(pool[draw.rows], "the training rows")
        start = time.process_time()
        with one_thread():
            prediction = _answer_one(fit, pool, draw, evals, n_classes)
        yield replace(prediction, seconds=time.process_time() - start)


def _answer_one(
    fit: Fit, pool: Floats, draw: Draw, evals: list[Floats], n_classes: int
) -> Prediction:
    def fitted(y: Ints, k: int) -> Prediction:
        return fit(Task(pool, np.asarray(draw.rows), y, evals, k))

    return among_seen(fitted, draw.labels, [len(E) for E in evals], n_classes)


def among_seen(
    fit: Callable[[Ints, int], Prediction], labels: Ints, n_evals: Sequence[int], n_classes: int
) -> Prediction:
    """Return ``fit(y, k)`` of the k classes among ``labels``, coded without holes, over all.

    Absent classes get probability 0; a single class gets 1, of that many eval rows, without a fit.
    """
    classes, y = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        found = Prediction([np.ones((n, 1)) for n in n_evals], np.ones((len(y), 1)))
    else:
        found = fit(y, len(classes))
    return _spread(found, classes, n_classes)


def _spread(prediction: Prediction, classes: Ints, n_classes: int) -> Prediction:
    """Return the prediction with a column for every class, zeros where one is absent."""
    if len(classes) == n_classes:
        return prediction

    def wide(P: Floats) -> Floats:
        full = np.zeros((len(P), n_classes))
        full[:, classes] = P
        return full

    cv = prediction.cv_probabilities
    return replace(
        prediction,
        probabilities=[wide(P) for P in prediction.probabilities],
        cv_probabilities=None if cv is None else wide(cv),
    )


def _check(draw: Draw, pool: Floats, evals: list[Floats], n_classes: int) -> None:
    rows, labels = np.asarray(draw.rows), np.asarray(draw.labels)
    if rows.ndim != 1 or rows.shape != labels.shape or not rows.size:
        raise InputError(
            f"a draw has {rows.shape} rows and {labels.shape} labels",
            "give one label per row, and at least one row",
        )
    if pool.ndim != 2 or rows.min() < 0 or rows.max() >= len(pool):
        raise InputError(
            f"a draw asks for rows {rows.min()}..{rows.max()} of a pool {pool.shape}",
            "draw from the split that was embedded",
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise InputError(
            f"a draw has labels {labels.min()}..{labels.max()} of {n_classes} classes",
            "give codes in range(n_classes)",
        )
    for array in evals:
        if array.shape[1] != pool.shape[1]:
            raise InputError(
                f"the pool has {pool.shape[1]} dimensions, an eval array {array.shape[1]}",
                "embed both with the same encoder",
            )


def unit_scale(X: Floats) -> float:
    """Return the factor that makes the rows' mean squared norm 1 (1 where all are zero).

    >>> unit_scale(np.array([[3.0, 4.0], [0.0, 5.0]]))
    0.2
    """
    return unit(float(np.einsum("nd,nd->", X, X)) / len(X))


def unit(mean_square: float) -> float:
    """Return the factor that makes a mean square 1 (1 where it is zero)."""
    return 1.0 / float(np.sqrt(mean_square)) if mean_square > 0 else 1.0


@cache
def keep_memory() -> None:
    """Let the allocator keep what is freed, once for the process.

    Fresh pages cost more than the arithmetic on them. glibc gives freed blocks beyond a threshold
    back to the system, and raises it, to 32 MiB at most, when a larger block is freed. This one
    is never touched. Other allocators take no notice.
    """
    np.empty(30 << 17)


@cache
def _controller() -> Any:
    # SciPy brings its own BLAS: load it before looking for thread pools.
    import scipy.linalg  # noqa: F401
    import threadpoolctl

    return threadpoolctl.ThreadpoolController().select(user_api="blas")


def one_thread() -> AbstractContextManager[Any]:
    """Hold BLAS to one thread: faster at these sizes, and the same sums on every machine."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limit
