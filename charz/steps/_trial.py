"""A trial: a user's own texts under the protocol ``mteb``, once for each encoder asked for.

What an encoder made of the texts (`charz.steps._kept`), and what was measured of it, is kept as
chunks beside the artifacts: asking again encodes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import charz
from charz import paths, shelf
from charz.artifacts import ArtifactStore
from charz.chunks import Chunks, key_of
from charz.errors import InputError
from charz.records import Examples
from charz.samplers import _random
from charz.samplers._classes import turns
from charz.steps import _files, _kept

if TYPE_CHECKING:
    from charz.records import EncoderSpec, Floats, Ints
    from charz.store import Store

N_PER_CLASS, N_DRAWS = 8, 10
"""The protocol ``mteb``."""
MOST_TRAIN, MOST_EVAL = 4000, 2000
"""Rows that are encoded at most: more would move an accuracy by less than its draws do."""
MOST_LEARNED = 2048
"""Rows that a forecast learns from at most; it is made for all of them."""
FEW = 50
_BLANK = -1


@dataclass(frozen=True)
class Texts:
    """A user's labelled texts, and where they are tested.

    Attributes
    ----------
    pool, test : Examples
        Labelled rows that draws are made of, and those that every draw is tested on.
    asked : Examples or None
        Unlabelled rows of the domain of use; without any the test rows serve.
    n_labelled : int
        Labelled rows in the file: what a classifier would be trained on.
    notes : tuple of str
    """

    pool: Examples
    test: Examples
    asked: Examples | None
    n_labelled: int
    notes: tuple[str, ...]

    @property
    def classes(self) -> list[str]:
        """The labels, sorted."""
        return sorted(set(self.pool.labels or ()))

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the task: classes, mean characters, rows per class of a draw."""
        texts = [*self.pool.texts, *self.test.texts]
        n_chars = sum(map(len, texts)) / len(texts)
        return {"n_classes": len(self.classes), "mean_chars": n_chars, "n_per_class": N_PER_CLASS}


@dataclass(frozen=True)
class Measured:
    """What was measured of one encoder, and forecast for all labelled rows.

    ``accuracies`` (draws,) are on the test rows, ``error`` is the standard error of their mean;
    ``value``, ``low`` and ``high`` are the forecast for ``n_own`` rows at the level asked for.
    """

    spec: str
    accuracies: Floats
    error: float
    value: float
    low: float
    high: float
    n_own: int
    n_tokens: int
    seconds: float
    n_texts: int

    @property
    def accuracy(self) -> float:
        """Mean accuracy over the draws."""
        return float(self.accuracies.mean())


def read(train: str, eval_: str | None, **columns: Any) -> Texts:
    """Read a labelled file and, where given, a file of eval texts with or without labels.

    Raises
    ------
    InputError
        When a file cannot be used, or no row is left to test on.
    """
    from charz.sources._assemble import assemble, two_classes
    from charz.sources._split import stratified
    from charz.sources.files import read_examples

    rows, skipped = read_examples(train, labelled=True, **columns)
    two_classes(rows, train)
    n_labelled = len(rows)
    notes = [f"{count} rows of {train} left out: {why}" for why, count in skipped.items()]
    rows = _thinned(rows, MOST_TRAIN)
    if len(rows) < n_labelled:
        notes.append(f"{len(rows)} of the {n_labelled} labelled rows are encoded")
    asked = None if eval_ is None else _asked(eval_, columns)
    if asked is not None:
        _files.check_alike(rows, asked)
    if asked is not None and asked.labels is not None:
        made = assemble(_named(train), rows, asked, {})
        notes += [f"{count} rows of {eval_} left out: {why}" for why, count in made.skipped.items()]
        pool, test, asked = rows, made.test, None
    else:
        if asked is not None:
            notes.append(f"{eval_} has no labels: tested on labelled rows that are held out")
        pool, test = stratified(rows)
    _check(train, pool, test, notes)
    return Texts(pool, test, asked, n_labelled, tuple(notes))


def _named(train: str) -> Any:
    from charz.records import DatasetFacts

    return DatasetFacts(name=train, source="files", group=train)


def _asked(path: str, columns: Mapping[str, Any]) -> Examples:
    """Return eval rows, with labels where the file has them."""
    from charz.sources.files import read_examples

    try:
        rows, _ = read_examples(path, labelled=True, **columns)
    except InputError:
        rows, _ = read_examples(path, labelled=False, **columns)
    return _thinned(rows, MOST_EVAL)


def _thinned(rows: Examples, most: int) -> Examples:
    """Return about ``most`` rows at random, twice `N_PER_CLASS` of each class among them."""
    from charz.sources._split import take

    if len(rows) <= most:
        return rows
    order = _random.permutation(len(rows), 0, "trial")
    kept = set(order[:most].tolist())
    if rows.labels is not None:
        _, y = np.unique(np.array(rows.labels, dtype=object).astype(str), return_inverse=True)
        kept |= set(order[turns(y[order]) < 2 * N_PER_CLASS].tolist())
    return take(rows, sorted(kept))


def _check(train: str, pool: Examples, test: Examples, notes: list[str]) -> None:
    if not len(test):
        raise InputError(f"no row of '{train}' is left to test on",
                         "label more rows, or give labelled rows with --eval")  # fmt: skip
    counts = np.unique(np.array(pool.labels, dtype=object).astype(str), return_counts=True)[1]
    if counts.min() < N_PER_CLASS:
        n_few = int((counts < N_PER_CLASS).sum())
        notes.append(f"{n_few} of {len(counts)} classes have under {N_PER_CLASS} rows to draw from")
    if len(test) < FEW:
        notes.append(f"tested on {len(test)} rows only: scores are rough")


def measure(
    store: Store | None,
    texts: Texts,
    spec: EncoderSpec,
    level: float = 0.9,
    domain: str = "unknown",
) -> Measured:
    """Measure one encoder on a user's texts, or take up what was measured before.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When the encoder cannot be used.
    """
    artifacts = ArtifactStore(str(paths.home() / "artifacts")) if store is None else store.artifacts
    known = _kept.Encoder([spec], texts.pool, artifacts).vectors(_joined(texts))
    (X,) = known.arrays
    y = _codes(texts)
    bundle = shelf.step("predict").best(store, "accuracy")
    about = [level, domain, bundle.fingerprint, *(texts.pool.labels or ()),
             "test", *(texts.test.labels or ())]  # fmt: skip
    chunks = Chunks(artifacts, _key(texts, spec, about))
    found = chunks.read(0)
    if found is None:
        found = {"accuracies": _accuracies(X, y, texts)}
        found["forecast"] = _forecast(store, X, texts, str(spec), level, domain, bundle)
        chunks.write(0, found)
    accuracies, forecast = found["accuracies"], found["forecast"]
    a = float(accuracies.mean())
    variance = accuracies.var(ddof=1) / len(accuracies) + a * (1 - a) / len(texts.test)
    value, low, high = map(float, forecast)
    return Measured(str(spec), accuracies, float(np.sqrt(variance)), value, low, high,
                    texts.n_labelled, known.n_tokens, known.seconds, len(X))  # fmt: skip


def _joined(texts: Texts) -> Examples:
    """Return the texts of pool, test and asked rows in this order."""
    parts = [part for part in (texts.pool, texts.test, texts.asked) if part is not None]
    pairs = [text for part in parts for text in part.pairs or ()]
    every = tuple(text for part in parts for text in part.texts)
    return Examples(every, pairs=tuple(pairs) if texts.pool.pairs is not None else None)


def _key(texts: Texts, spec: EncoderSpec, about: Sequence[object]) -> str:
    """Return a hash of all that kept numbers depend on."""
    print_ = shelf.load("encoders", spec.kind).describe(spec).fingerprint
    rows = _joined(texts)
    n_rows = [len(texts.pool), len(texts.test)]
    settings = [charz.__version__, str(spec), print_, *n_rows]
    return key_of(settings, (*rows.texts, "", *(rows.pairs or ()), "", *map(str, about)))


def _codes(texts: Texts) -> Ints:
    """Return class codes of the pool's rows, then of the test rows."""
    classes = texts.classes
    labels = [*(texts.pool.labels or ()), *(texts.test.labels or ())]
    return _files.codes(labels, classes, "the test rows")


def _accuracies(X: Floats, y: Ints, texts: Texts) -> Floats:
    """Return the accuracy of each draw of the protocol on the test rows, (draws,)."""
    sampler, probe = shelf.load("samplers", "mteb"), shelf.load("probes", "mteb")
    n, n_classes = len(texts.pool), len(texts.classes)
    size = sampler.n_rows(y[:n], n_classes, N_PER_CLASS)
    draws = [sampler.draw(y[:n], n_classes, seed).head(size) for seed in range(N_DRAWS)]
    end = n + len(texts.test)
    answers = probe.predict(X[:n], draws, [X[n:end]], n_classes)
    return np.array([(each.probabilities[0].argmax(axis=1) == y[n:end]).mean() for each in answers])


def _forecast(
    store: Store | None,
    X: Floats,
    texts: Texts,
    spec: str,
    level: float,
    domain: str,
    bundle: Any,
) -> Floats:
    """Return value, low and high of what all labelled rows would reach."""
    n_pool, n_test = len(texts.pool), len(texts.test)
    labels = list(texts.pool.labels or ())
    rows = np.arange(n_pool)
    if texts.asked is not None:  # the test rows are labelled too, and asked rows are judged
        rows, labels = np.arange(n_pool + n_test), labels + list(texts.test.labels or ())
        X_eval = X[n_pool + n_test :]
    else:
        X_eval = X[n_pool : n_pool + n_test]
    rows = rows[_random.permutation(len(rows), 0, "trial")[:MOST_LEARNED]]
    y = [labels[row] for row in rows]
    sample = _files.labelled(X[rows], y, X_eval).sample
    at = [texts.n_labelled] if texts.n_labelled > len(rows) else []
    asked: dict[str, Any] = {"level": level, "domain": domain, "encoder": spec, "bundle": bundle}
    found = shelf.step("predict").arrays(store, sample, at=at, **asked)[-1]
    return np.array([found.value, found.low, found.high])
