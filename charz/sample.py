"""The sample: all that a feature or an estimator may see.

An embedding space, a labelled training sample and an unlabelled eval sample, with the
costly things computed once. There is no place in it for an eval label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.records import Draw

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints, Prediction


class Sample:
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
        self.X_train = matrix(X_train, "X_train")
        self.X_eval = matrix(X_eval, "X_eval")
        self.y_train = _codes(y_train, len(self.X_train))
        if self.X_train.shape[1] != self.X_eval.shape[1]:
            raise InputError(
                f"X_train has {self.X_train.shape[1]} dimensions, X_eval {self.X_eval.shape[1]}",
                "embed both with the same encoder",
            )
        largest = int(self.y_train.max())
        self.n_classes = largest + 1 if n_classes is None else int(n_classes)
        if largest >= self.n_classes:
            raise InputError(
                f"y_train has the code {largest} of {self.n_classes} classes",
                "give codes in range(n_classes)",
            )
        self._heads, self._index = _Heads([self]), 0

    @property
    def n_train(self) -> int:
        """Number of labelled rows."""
        return len(self.X_train)

    @property
    def n_eval(self) -> int:
        """Number of unlabelled rows."""
        return len(self.X_eval)

    @property
    def n_dims(self) -> int:
        """Number of embedding dimensions."""
        return int(self.X_train.shape[1])

    @cached_property
    def class_counts(self) -> Ints:
        """Labelled rows per class, (n_classes,)."""
        return np.bincount(self.y_train, minlength=self.n_classes)

    @cached_property
    def present(self) -> Ints:
        """Codes of the classes with at least one labelled row."""
        return np.flatnonzero(self.class_counts)

    @cached_property
    def one_hot(self) -> Floats:
        """Indicator matrix of the labels, (n_train, n_classes)."""
        return np.eye(self.n_classes)[self.y_train]

    @cached_property
    def mean(self) -> Floats:
        """Mean of the training rows, (n_dims,)."""
        mean: Floats = self.X_train.mean(axis=0)
        return mean

    @cached_property
    def centered(self) -> Floats:
        """Training rows less their mean, (n_train, n_dims); exact zeros in constant columns."""
        moved: Floats = self.X_train - self.X_train[0]
        moved -= moved.mean(axis=0)
        return moved

    @cached_property
    def noise(self) -> float:
        """Squared length below which a vector is rounding error, from the rows' mean square."""
        return 1e-18 * float(np.einsum("ij,ij", self.X_train, self.X_train)) / self.n_train

    @cached_property
    def class_means(self) -> Floats:
        """Mean row per class, (n_classes, n_dims); zeros where a class is absent."""
        return (self.one_hot.T @ self.X_train) / np.maximum(self.class_counts, 1)[:, None]

    @cached_property
    def svd(self) -> tuple[Floats, Floats]:
        """Left singular vectors and singular values of the centred rows, thin.

        ``(U, s)`` of shapes (n_train, r) and (r,), r = min(n_train, n_dims); taken from the
        smaller of the two Gram matrices.
        """
        centered = self.centered
        if self.n_train <= self.n_dims:
            values, vectors = np.linalg.eigh(self.gram)
            s = np.sqrt(np.clip(values[::-1], 0, None))
            return np.ascontiguousarray(vectors[:, ::-1]), s
        values, axes = np.linalg.eigh(centered.T @ centered)
        s = np.sqrt(np.clip(values[::-1], 0, None))
        scale = np.where(s > s[0] * 1e-10, s, np.inf)
        return (centered @ axes[:, ::-1]) / scale, s

    @cached_property
    def gram(self) -> Floats:
        """Inner products of the centred training rows, (n_train, n_train)."""
        return self.centered @ self.centered.T

    @cached_property
    def train_distances(self) -> Floats:
        """Squared distances among training rows, (n_train, n_train), infinity on the diagonal."""
        squared = _squared_distances(self.centered, self.centered, self.gram, self.noise)
        np.fill_diagonal(squared, np.inf)
        return squared

    @cached_property
    def eval_distances(self) -> Floats:
        """Squared distances from eval rows to training rows, (n_eval, n_train)."""
        moved = self.X_eval - self.mean
        return _squared_distances(moved, self.centered, moved @ self.centered.T, self.noise)

    @classmethod
    def several(
        cls, X_train: ArrayLike, y_train: ArrayLike, X_evals: Sequence[ArrayLike], n_classes: int
    ) -> Iterator[Sample]:
        """Yield one sample per eval array, in order, of one training sample.

        What depends on the training rows alone is computed once, whoever asked first; the
        deployed probe is fitted once for all.
        """
        samples = [cls(X_train, y_train, X_eval, n_classes) for X_eval in X_evals]
        heads = _Heads(samples)
        shared: dict[str, Any] = {}
        for index, sample in enumerate(samples):
            vars(sample).update(shared)
            sample._heads, sample._index = heads, index
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
        return _fitted(self, name, [self.X_eval], **parameters)


_OF_TRAINING = (
    "class_counts", "present", "one_hot", "mean", "centered", "noise", "class_means", "svd",
    "gram", "train_distances",
)  # fmt: skip


class _Heads:
    """The deployed probe of one training sample on the eval rows of several samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    @cached_property
    def answer(self) -> Prediction:
        first = self._samples[0]
        return _fitted(first, "logistic", [sample.X_eval for sample in self._samples])


def _fitted(sample: Sample, name: str, X_evals: list[Floats], **parameters: Any) -> Prediction:
    whole = Draw(np.arange(sample.n_train), sample.y_train)
    probe = shelf.load("probes", name)
    answers = probe.predict(sample.X_train, [whole], X_evals, sample.n_classes, **parameters)
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
    finite = np.isfinite(array)
    if not finite.all():
        bad = np.flatnonzero(~finite.all(axis=1))
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


def _squared_distances(A: Floats, B: Floats, products: Floats, noise: float) -> Floats:
    """Return squared Euclidean distances, (len(A), len(B)); what rounding leaves becomes zero."""
    lengths = np.einsum("ij,ij->i", A, A)[:, None] + np.einsum("ij,ij->i", B, B)
    squared: Floats = lengths - 2 * products
    squared[squared < 1e-12 * lengths + noise] = 0
    return squared
