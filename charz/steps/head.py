"""Head: which classifier to put on an encoder's vectors, or which layer to put one on.

Reads vectors, or files of texts and an encoder; keeps vectors of texts and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError, check_share
from charz.heads import _choose, _layers, _measured
from charz.heads._choose import Choice
from charz.heads._measured import Measured
from charz.probes import fine_tune as tuning
from charz.records import EncoderSpec, Examples
from charz.sample import Sample
from charz.samplers import _random
from charz.sources._split import take
from charz.steps import _files, _kept

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.heads._selector import Selector
    from charz.records import Floats, Ints

MOST = 4096
"""Training rows that heads are compared on, at most: beyond, kernels grow out of memory."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Layers:
    """Which layer of a checkpoint is enough.

    Attributes
    ----------
    layers : list of dict
        One per layer, the shallowest first: ``spec``, ``layer``, ``accuracy`` (cross-validated, of
        the logistic head), ``gain`` over the deepest layer with ``low`` and ``high``, ``loss`` to
        the best layer, ``cost`` as a share of all layers, ``seconds`` of the head, and
        ``measured``, the accuracy on labelled eval rows.
    enough : dict
        The row of the shallowest layer whose loss is within one standard error.
    best : dict
        The row of the layer with the best accuracy.
    n_train : int
    notes : tuple of str
    """

    layers: list[dict[str, Any]]
    enough: dict[str, Any]
    best: dict[str, Any]
    n_train: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Texts:
    """Labelled texts and eval texts with codes of their labels, None without labels."""

    train: Examples
    y: Ints
    classes: tuple[str, ...]
    eval: Examples | None
    y_eval: Ints | None
    notes: tuple[str, ...]


def choose_head(
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_eval: ArrayLike | None = None,
    y_eval: ArrayLike | None = None,
    *,
    level: float = 0.9,
    selector: Selector | None = None,
) -> Choice:
    """Say which head to put on these vectors, and what each would score.

    All heads are cross-validated; the selector that ships shrinks what their scores say to what
    such scores were worth on datasets that it learned from. Over 4,096 rows, an even choice of as
    many is gone by.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
    y_train : array (n_train,)
        Labels: text or numbers, at least two classes.
    X_eval : array (n_eval, n_dims), optional
        Rows of the domain of use. Without labels, the forecast of the logistic head for them
        stands beside as a baseline.
    y_eval : array (n_eval,), optional
        Their labels: each head's accuracy on them is shown, and goes into nothing.
    level : float in (0, 1)
        Coverage that the intervals promise.
    selector : optional
        One fitted on other samples.

    Returns
    -------
    Choice
        ``heads`` is a DataFrame, the best first; ``recommended`` the name of the first.

    Raises
    ------
    InputError
        When arrays have the wrong shape or NaN, there is one class, or the level is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> X = rng.normal(size=(60, 8)) + y[:, None]
    >>> choice = choose_head(X, y)
    >>> choice.recommended == choice.heads["head"][0], len(choice.heads)
    (True, 9)
    >>> sorted(choice.baselines)
    ['always logistic', 'cv-pick']
    """
    check_share(level)
    made = _files.labelled(X_train, y_train, X_train if X_eval is None else X_eval)
    codes = None
    if y_eval is not None:
        if X_eval is None or len(np.asarray(y_eval)) != len(made.sample.X_eval):
            raise InputError("y_eval has no row of X_eval for each label", "give both alike")
        codes = _codes(np.asarray(y_eval).astype(str).tolist(), made.classes)
    sample = made.sample
    rows = slice(0, MOST)  # of an order that follows from the rows' values: an even choice
    X, y = sample.X_train[rows], sample.y_train[rows]
    choice = _chosen(X, y, None if X_eval is None else sample.X_eval, codes, level, selector)
    if len(X) == sample.n_train:
        return choice
    note = f"heads are compared on {MOST} of {sample.n_train} rows"
    return replace(choice, notes=(note, *choice.notes))


def _chosen(
    X: Floats,
    y: Ints,
    X_eval: Floats | None,
    y_eval: Ints | None,
    level: float,
    selector: Selector | None = None,
    tuned: Measured | None = None,
) -> Choice:
    """Choose among all heads on rows in their final order, and a network where there is one."""
    found = _measured.measure(X, y, int(y.max()) + 1, X_eval)
    if tuned is not None:
        found[_choose.TUNED] = tuned
    choice = _choose.choose(found, y, X.shape[1], level, y_eval, selector)
    choice = replace(choice, notes=_notes(y))
    return choice if X_eval is None else _with_forecast(choice, X, y, X_eval, level)


def _with_forecast(choice: Choice, X: Floats, y: Ints, X_eval: Floats, level: float) -> Choice:
    """Add the packaged metamodel's forecast of the logistic head for the eval rows."""
    forecast = shelf.step("predict").predict_performance(X, y, X_eval, level=level)
    said = {"head": "logistic", "value": forecast.value, "low": forecast.low, "high": forecast.high}
    return replace(choice, baselines=choice.baselines | {"metamodel": said})


def _notes(y: Ints) -> tuple[str, ...]:
    counts = np.bincount(y)
    notes = []
    if len(y) < 16:
        notes.append(f"{len(y)} rows: the selector saw no sample below 16, trust little here")
    if (counts[counts > 0] == 1).any():
        notes.append("a class has one row: cross-validation cannot find it")
    return tuple(notes)


def _codes(labels: Sequence[str], classes: Sequence[str]) -> Ints:
    """Return codes of labels; a class that training lacks has the code -1: always an error."""
    known = {label: code for code, label in enumerate(classes)}
    return np.array([known.get(label, -1) for label in labels], dtype=np.int64)


def files(
    *,
    encoder: str,
    train: str,
    eval: str | None = None,  # noqa: A002 - the option's name
    level: float = 0.9,
    fine_tune: bool = False,
    say: Say = lambda message: None,
    **columns: Any,
) -> Choice:
    """Say which head to put on an encoder, for labelled texts in a file.

    Parameters
    ----------
    encoder : str
        A spec.
    train, eval : str
        Files with ``text`` (and ``text_pair``) and ``label``; the second's labels are optional.
    fine_tune : bool
        Whether to fine-tune the encoder's checkpoint as well (``st:`` specs).
    say : callable
        Told what is being done.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used.
    """
    check_share(level)
    spec = EncoderSpec.parse(encoder)
    texts = _read(train, eval, columns)
    if fine_tune:
        tuning.check(encoder, tuning.Recipe())
        tuning.enough(texts.y)
    X, X_eval = (part[0] for part in _vectors([spec], texts))
    rows = np.argsort(Sample(X, texts.y, X, len(texts.classes)).places)
    X, texts = X[rows].astype(np.float64), replace(texts, train=take(texts.train, rows))
    texts = replace(texts, y=texts.y[rows])
    say(f"{len(rows)} rows of {X.shape[1]} dimensions: cross-validating every head")
    tuned = _tuned(encoder, texts, say) if fine_tune else None
    choice = _chosen(X, texts.y, X_eval, texts.y_eval, level, tuned=tuned)
    told = {"encoder": str(spec), "train": train, "n_classes": len(texts.classes)}
    untried = spec.kind in tuning.KINDS and tuned is None
    return replace(
        choice,
        fine_tuning=_untried(len(rows), level) if untried else None,
        notes=(*texts.notes, *choice.notes),
        provenance={**choice.provenance, **told},
    )


def _untried(n_rows: int, level: float) -> dict[str, Any]:
    """Return what fine-tuning may gain, and what it would cost."""
    return _choose.tuning(n_rows, level) | {"encodings": tuning.cost(n_rows)}


def _tuned(encoder: str, texts: _Texts, say: Say) -> Measured:
    """Fine-tune the encoder's checkpoint and measure that as a head."""
    recipe = tuning.Recipe(say=say)
    evals = [] if texts.eval is None else [texts.eval]
    answer = tuning.fine_tune(encoder, texts.train, texts.y, len(texts.classes), evals, recipe)
    chosen = 0.0 if answer.chosen is None else answer.chosen
    return _measured.of_answer(answer, texts.y, tuning.setting(chosen, recipe))


def layers(
    *,
    encoder: str,
    train: str,
    eval: str | None = None,  # noqa: A002 - the option's name
    level: float = 0.9,
    say: Say = lambda message: None,
    **columns: Any,
) -> Layers:
    """Say which layer of a checkpoint is enough, for labelled texts in a file.

    Parameters
    ----------
    encoder : str
        A spec of a checkpoint with layers; ``layer=all`` where it names none.
    train, eval, level, say, **columns
        See `files`.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used, or the spec stands for one layer.
    """
    from charz.encoders import describe, expand

    check_share(level)
    parsed = EncoderSpec.parse(encoder)
    if parsed.kind != "st":
        raise InputError(f"'{encoder}' has no layers", "give a checkpoint as st:PATH")
    asked = encoder if "layer" in parsed.settings else str(parsed.replace(layer="all"))
    specs = expand(asked)
    if len(specs) < 2:
        raise InputError(f"'{encoder}' is one layer", "leave layer out, or give layer=0..6")
    texts = _read(train, eval, columns)
    facts = [describe(spec) for spec in specs]
    say(f"encoding {len(texts.train)} texts at {len(specs)} layers in one pass")
    X, X_evals = _vectors(specs, texts)
    evals = None if texts.eval is None else X_evals
    compared = _layers.compare(X, texts.y, len(texts.classes), level, evals)
    rows = [
        {
            "spec": str(spec), "layer": each.layer, **_shown(row, texts.y_eval),
            "cost": None if not each.n_layers else (each.layer or 0) / each.n_layers,
        }
        for spec, each, row in zip(specs, facts, compared, strict=True)
    ]  # fmt: skip
    best = max(rows, key=lambda row: row["accuracy"])
    enough = rows[_layers.enough(compared)]
    return Layers(rows, enough, best, len(texts.y), (*texts.notes, *_notes(texts.y)))


def _shown(row: dict[str, Any], y_eval: Ints | None) -> dict[str, Any]:
    is_known = y_eval is not None and row["answers"] is not None
    measured = float((row["answers"] == y_eval).mean()) if is_known else None
    kept = {name: row[name] for name in ("accuracy", "gain", "low", "high", "loss", "seconds")}
    return kept | {"measured": measured}


def _read(train: str, eval_: str | None, columns: dict[str, Any]) -> _Texts:
    """Read labelled texts, and eval texts with their labels where they have any."""
    from charz.sources._assemble import two_classes
    from charz.sources.files import read_examples

    rows, skipped = read_examples(train, labelled=True, **columns)
    two_classes(rows, train)
    notes = [f"{count} rows of {train} left out: {why}" for why, count in skipped.items()]
    if len(rows) > MOST:
        notes.append(f"heads are compared on {MOST} of {len(rows)} rows")
        rows = take(rows, _random.permutation(len(rows), 0, "head")[:MOST])
    labels = rows.labels or ()
    classes = tuple(sorted(set(labels)))
    asked, more = (None, []) if eval_ is None else _asked(eval_, columns)
    if asked is not None:
        _files.check_alike(rows, asked)
    known = None if asked is None or asked.labels is None else _codes(asked.labels, classes)
    return _Texts(rows, _codes(labels, classes), classes, asked, known, (*notes, *more))


def _asked(path: str, columns: dict[str, Any]) -> tuple[Examples, list[str]]:
    """Return eval rows, with labels where the file has them, and what to say of it."""
    from charz.sources.files import read_examples

    notes = []
    try:
        rows, skipped = read_examples(path, labelled=True, **columns)
    except InputError:
        rows, skipped = read_examples(path, labelled=False, **columns)
        notes.append(f"{path} has no labels: heads are not tested on it")
    return rows, notes + [f"{n} rows of {path} left out: {why}" for why, n in skipped.items()]


def _vectors(specs: Sequence[EncoderSpec], texts: _Texts) -> tuple[list[Any], list[Any]]:
    """Return the vectors of training and eval texts, a list by spec each; None without eval."""
    known = _kept.Encoder(specs, texts.train)
    X = known.vectors(texts.train).arrays
    if texts.eval is None:
        return X, [None] * len(specs)
    return X, list(known.vectors(texts.eval).arrays)
