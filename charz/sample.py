"""The sample: all that a feature or an estimator may see.

An embedding space, a labelled training sample and an unlabelled eval sample, with the
costly things computed once. There is no place in it for an eval label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from charz import shelf
from charz.distances import Distances, Near, Points, from_products, near, spread
from charz.errors import InputError
from charz.labelled import MOST_COMPARED, Labelled
from charz.records import Draw

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints, Prediction

LEAST_COUNTED = 128
Part = TypeVar("Part")


class Sample(Labelled):
    """A training sample with labels and an eval sample without.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
    y_train : array (n_train,)
        Class codes in ``range(n_classes)``; some classes may be absent.
    X_eval : array (n_eval, n_dims)
    n_classes : int, optional
        Number of classes of the task; default: the largest code + 1.

    Raises
    ------
    InputError
        When shapes disagree, a value is not finite, or a sample is empty.

    Examples
    --------
    >>> sample = Sample([[0.0, 1.0], [2.0, 1.0]], [0, 1], [[1.0, 1.0]])
    >>> sample.n_train, sample.n_eval, sample.n_dims, sample.n_classes
    (2, 1, 2, 2)
    >>> sample.class_means
    array([[0., 1.],
           [2., 1.]])
    """

    def __init__(
        self,
        X_train: ArrayLike,
        y_train: ArrayLike,
        X_eval: ArrayLike,
        n_classes: int | None = None,
    ) -> None:
        X, self.X_eval = matrix(X_train, "X_train"), matrix(X_eval, "X_eval")
        y = _codes(y_train, len(X))
        if X.shape[1] != self.X_eval.shape[1]:
            raise InputError(
                f"X_train has {X.shape[1]} dimensions, X_eval {self.X_eval.shape[1]}",
                "embed both with the same encoder",
            )
        largest = int(y.max())
        super().__init__(X, y, largest + 1 if n_classes is None else int(n_classes))
        if largest >= self.n_classes:
            raise InputError(
                f"y_train has the code {largest} of {self.n_classes} classes",
                "give codes in range(n_classes)",
            )
        self._heads, self._index = self._alone(), 0
        self._parts: dict[Any, Any] = {}
        self._labelled_parts: dict[Any, Any] = {}

    @property
    def n_eval(self) -> int:
        """Number of unlabelled rows."""
        return len(self.X_eval)

    @cached_property
    def eval_points(self) -> Points:
        """Eval rows, less the training mean, as distances see them."""
        return Points.of(self.X_eval, self.mean, self.unit)

    @cached_property
    def eval_distances(self) -> Distances:
        """Squared distances from eval rows to all training rows, in squares of `unit`."""
        return Distances(self.eval_points, self.points, self.floor)

    @cached_property
    def eval_near(self) -> Near:
        """How near the training rows are to each eval row, and how the 5 nearest vote."""
        return near(self.eval_distances, self.one_hot, (5,))

    @cached_property
    def counted(self) -> Ints:
        """Eval rows that are compared with one another, evenly spaced by length.

        As many as training rows, but at least `LEAST_COUNTED`, where there are, and at most
        `MOST_COMPARED`: more of one half alone would say little more about both.
        """
        most = min(max(self.n_train, LEAST_COUNTED), MOST_COMPARED)
        return spread(self.eval_points.lengths, most)

    @cached_property
    def eval_gram(self) -> Floats:
        """Gram matrix of the eval rows `counted`, about their own mean, in squares of `unit`."""
        rows = self.eval_points.rows[self.counted]
        rows -= rows[0]
        rows -= rows.mean(axis=0)
        product: Floats = rows @ rows.T
        return product

    def once(self, part: Callable[[Sample], Part]) -> Part:
        """Return ``part(self)``, computed when first asked for: what several items share.

        >>> sample = Sample([[0.0], [2.0]], [0, 1], [[1.0]])
        >>> sample.once(lambda own: own.n_train + own.n_eval)
        3
        """
        if part not in self._parts:
            self._parts[part] = part(self)
        return cast("Part", self._parts[part])

    def once_labelled(self, part: Callable[[Sample], Part]) -> Part:
        """Return ``part(self)``, which only labelled rows make, computed once for `several`."""
        if part not in self._labelled_parts:
            self._labelled_parts[part] = part(self)
        return cast("Part", self._labelled_parts[part])

    @cached_property
    def eval_among(self) -> Floats:
        """Squared distances among the eval rows `counted`, infinite of a row to itself."""
        lengths = np.diag(self.eval_gram).copy()
        found = from_products(self.eval_gram.copy(), lengths, lengths, self.floor)
        np.fill_diagonal(found, np.inf)
        return found

    @classmethod
    def several(
        cls, X_train: ArrayLike, y_train: ArrayLike, X_evals: Sequence[ArrayLike], n_classes: int
    ) -> Iterator[Sample]:
        """Yield one sample per eval array, in order, of one training sample.

        What depends on the training rows alone is computed once, whoever asked first; the
        deployed probe is fitted once for all.
        """
        samples = [cls(X_train, y_train, X_eval, n_classes) for X_eval in X_evals]
        evals = [sample.X_eval for sample in samples]
        shared: dict[str, Any] = {}
        for index, sample in enumerate(samples):
            vars(sample).update(shared)
            if index == 0:
                heads = _Heads((sample.X_train, sample.y_train), evals, n_classes)
            sample._heads, sample._index = heads, index
            sample._labelled_parts = samples[0]._labelled_parts
            yield sample
            shared = {name: value for name, value in vars(sample).items() if name in _OF_TRAINING}

    @cached_property
    def head(self) -> Prediction:
        """The deployed probe (``logistic``, its C chosen by CV) fitted on this sample.

        ``head.probabilities[0]`` are its eval probabilities, (n_eval, n_classes), and
        ``head.cv_probabilities`` its out-of-fold ones, (n_train, n_classes).
        """
        answer = self._heads.answer
        return replace(answer, probabilities=[answer.probabilities[self._index]])

    def probe(self, name: str, **parameters: Any) -> Prediction:
        """Fit the probe ``name`` on this sample and return its answer."""
        return self._alone().fitted(name, **parameters)

    def _alone(self) -> _Heads:
        return _Heads((self.X_train, self.y_train), [self.X_eval], self.n_classes)


_OF_TRAINING = frozenset(
    name for name, kept in vars(Labelled).items() if isinstance(kept, cached_property)
)


class _Heads:
    """The deployed probe of one training sample on the eval rows of several samples.

    It holds arrays and no sample: samples would live until a search for circles finds them.
    """

    def __init__(
        self, labelled: tuple[Floats, Ints], X_evals: list[Floats], n_classes: int
    ) -> None:
        self._labelled, self._X_evals, self._n_classes = labelled, X_evals, n_classes

    @cached_property
    def answer(self) -> Prediction:
        return self.fitted("logistic")

    def fitted(self, name: str, **parameters: Any) -> Prediction:
        X, y = self._labelled
        probe = shelf.load("probes", name)
        draws = [Draw(np.arange(len(y)), y)]
        answers = probe.predict(X, draws, self._X_evals, self._n_classes, **parameters)
        answer: Prediction = next(iter(answers))
        return answer


def matrix(X: ArrayLike, name: str) -> Floats:
    """Return ``X`` as a finite float64 matrix, or say what is wrong with it.

    >>> matrix([[1, 2]], "X_train").dtype
    dtype('float64')
    """
    try:
        array = np.ascontiguousarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is no numeric matrix", "give an array (rows, dims)") from error
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"{name} has the shape {array.shape}", "give a matrix (rows, dims)")
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    # A sum is quick and finite for all but the fewest; the rows are gone through where it is not.
    bad = np.flatnonzero([] if np.isfinite(total) else ~np.isfinite(array).all(axis=1))
    if bad.size:
        raise InputError(
            f"{name} has NaN or infinite values in {bad.size} rows, the first at row {bad[0]}",
            "drop or mend those rows",
        )
    return array


def _codes(y: ArrayLike, n_rows: int) -> Ints:
    codes = np.asarray(y)
    if codes.shape != (n_rows,):
        raise InputError(
            f"y_train has the shape {codes.shape} for {n_rows} rows", "give one label per row"
        )
    if codes.dtype.kind not in "iu" or codes.min() < 0:
        raise InputError("y_train are no class codes", "give integers in range(n_classes)")
    return codes.astype(np.int64)
