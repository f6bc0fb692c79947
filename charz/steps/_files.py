"""A sample from files of texts: shared by predict and outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.records import EncoderSpec
from charz.sample import Sample
from charz.steps import _kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from charz.records import Examples, Floats, Ints


@dataclass(frozen=True)
class Labelled:
    """A sample with the names of its classes, in the order of their codes."""

    sample: Sample
    classes: tuple[str, ...]


@dataclass(frozen=True)
class FileSample:
    """A sample read from files; ``eval_labels`` is None where they were not asked for.

    ``vectors`` and ``codes`` are its training rows in the order of the file.
    """

    sample: Sample
    classes: tuple[str, ...]
    eval_labels: tuple[str, ...] | None
    skipped: Mapping[str, dict[str, int]]
    vectors: Floats
    codes: Ints
    eval_texts: tuple[str, ...] = ()
    is_fitted: bool = False


def labelled(X_train: ArrayLike, y_train: ArrayLike, X_eval: ArrayLike) -> Labelled:
    """Return a sample from vectors and labels of any kind, `ordered`.

    Raises
    ------
    InputError
        When labels are missing, of one class only, or no one-dimensional array.
    """
    labels = np.asarray(y_train)
    if labels.ndim != 1:
        raise InputError(f"y_train has the shape {labels.shape}", "give one label per row")
    if any(label is None or label != label for label in labels.tolist()):
        raise InputError("y_train has missing labels", "drop those rows")
    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"y_train has {len(classes)} class", "label at least one row of a second class"
        )
    sample = ordered(Sample(X_train, codes, X_eval, len(classes)))
    return Labelled(sample, tuple(classes.tolist()))


def ordered(sample: Sample) -> Sample:
    """Return the sample with its training rows in an order that follows from their values.

    Another order would mean other folds, and another prediction; see `Labelled.places`.
    """
    rows = np.argsort(sample.places)
    return Sample(sample.X_train[rows], sample.y_train[rows], sample.X_eval, sample.n_classes)


def read(
    encoder: str, train: str, eval_: str, *, eval_labelled: bool = False, **columns: Any
) -> FileSample:
    """Read and embed labelled and unlabelled texts.

    Parameters
    ----------
    encoder : str
        A spec.
    train, eval_ : str
        Files with ``text`` (and ``text_pair``) and, of the first, ``label``.
    eval_labelled : bool
        Whether the second file's labels are read too.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used.
    """
    from charz.sources._assemble import two_classes
    from charz.sources.files import read_examples

    spec = EncoderSpec.parse(encoder)
    rows, bad = read_examples(train, labelled=True, **columns)
    asked, unread = read_examples(eval_, labelled=eval_labelled, **columns)
    two_classes(rows, train)
    check_alike(rows, asked)
    known = _kept.Encoder([spec], rows)
    (X_train,) = (X_eval,) = known.vectors(rows).arrays
    if (asked.texts, asked.pairs) != (rows.texts, rows.pairs):
        (X_eval,) = known.vectors(asked).arrays
    made = labelled(X_train, rows.labels or (), X_eval)
    skipped = {"train": dict(bad), "eval": dict(unread)}
    own = codes(rows.labels or (), made.classes, train)
    texts = asked.texts
    if asked.pairs is not None:
        texts = tuple(
            f"{first} / {second}" for first, second in zip(texts, asked.pairs, strict=True)
        )
    return FileSample(
        made.sample, made.classes, asked.labels, skipped, X_train, own, texts,
        is_fitted=known.is_fitted,
    )  # fmt: skip


def check_alike(first: Examples, second: Examples) -> None:
    """Refuse texts beside pairs of texts.

    Raises
    ------
    InputError
        When one of the two has pairs and the other not.
    """
    if (first.pairs is None) != (second.pairs is None):
        raise InputError("one of the files has text pairs, the other not", "give both alike")


def codes(labels: Sequence[str], classes: Sequence[str], name: str) -> Ints:
    """Return labels as codes into ``classes``.

    Raises
    ------
    InputError
        When a label is none of them.
    """
    known = {label: code for code, label in enumerate(classes)}
    for label in labels:
        if label not in known:
            raise InputError(
                f"'{name}' has the label '{label:.60}', unseen in training",
                "drop those rows, or label some like them for training",
            )
    return np.array([known[label] for label in labels], dtype=np.int64)


def key(*parts: object) -> str:
    """Return the key under which a prediction made from these parts is found again."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def finite(value: float) -> float | None:
    """Return a number as JSON holds it: None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None


def fingerprint(sample: Sample) -> str:
    """Return the SHA-256 of a sample's arrays."""
    digest = hashlib.sha256()
    for array in (sample.X_train, sample.y_train, sample.X_eval):
        digest.update(repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()
