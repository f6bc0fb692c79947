"""Compare: is the difference of two encoders, or heads, real, and how many labels settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import paired, shelf
from charz.answers import Comparison
from charz.errors import InputError, check_share
from charz.records import Draw, EncoderSpec
from charz.sample import Sample, matrix
from charz.steps import _files

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Ints

POWER = 0.8


def compare_probes(
    X_train: Sequence[ArrayLike],
    y_train: ArrayLike,
    X_eval: Sequence[ArrayLike] | None = None,
    y_eval: ArrayLike | None = None,
    *,
    probes: Sequence[str] = ("logistic",),
    level: float = 0.95,
    power: float = POWER,
    names: Sequence[str] = ("first", "second"),
) -> Comparison:
    """Compare two probes row by row: two encoders under one probe, or two probes on one encoder.

    With labelled eval rows both are trained on all training rows and judged there; without, by
    cross-validation on the same folds of the training rows, which share most of their training
    rows: take that p-value for a hint.

    Parameters
    ----------
    X_train : one or two arrays (n_train, n_dims)
        The same rows under each encoder.
    y_train : array (n_train,)
    X_eval : as many arrays (n_eval, n_dims), optional
    y_eval : array (n_eval,), optional
    probes : one or two names of probes
    level : float in (0, 1)
        Of the interval; the test's level is 1 less this.
    power : float in (0, 1)
    names : pair of str

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, UnknownNameError
        When arrays do not fit each other, or there are not two things to compare.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(300) % 2
    >>> good, poor = (rng.normal(size=(300, 4)) + shift * y[:, None] for shift in (2.0, 0.5))
    >>> found = compare_probes([good, poor], y)
    >>> found.difference > 0.1, found.p_value < 0.01, found.source
    (True, True, 'cv')
    """
    spaces, heads = _pair(X_train, "encoders"), _pair(probes, "probes")
    if len(X_train) == len(probes) == 1 or len(names) != 2:
        raise InputError("there is one thing to compare", "give two encoders, or two probes")
    if (X_eval is None) != (y_eval is None):
        raise InputError("of the eval rows vectors or labels are absent", "give both, or neither")
    check_share(level)
    check_share(power, "power")
    first = _files.labelled(spaces[0], y_train, np.asarray(spaces[0])[:1])
    y = _files.codes(np.asarray(y_train).astype(str).tolist(), first.classes, "y_train")
    K = len(first.classes)
    # Folds follow the rows' order: one that depends on their values, and the same for both.
    order = np.argsort(Sample(spaces[0], y, np.asarray(spaces[0])[:1], K).places)
    trains = [matrix(X, "X_train")[order] for X in spaces if len(X) == len(y)]
    if len(trains) < 2:
        raise InputError("the encoders have other numbers of rows", "embed the same rows with both")
    evals = None if X_eval is None else _pair(X_eval, "eval arrays")
    truth = y[order] if y_eval is None else _eval_codes(y_eval, first.classes)
    rights = [
        _right(head, X, y[order], None if evals is None else evals[place], truth, K)
        for place, (head, X) in enumerate(zip(heads, trains, strict=True))
    ]
    found = judged(rights[0], rights[1], level=level, power=power)
    source = "cv" if evals is None else "eval"
    return replace(found, names=(names[0], names[1]), n_train=len(y), source=source)


def files(
    *,
    encoders: Sequence[str],
    train: str,
    eval: str | None = None,  # noqa: A002 - the option's name
    probes: Sequence[str] = ("logistic",),
    level: float = 0.95,
    power: float = POWER,
    **columns: Any,
) -> Comparison:
    """Compare two encoders, or two probes on one, on texts in files.

    Parameters
    ----------
    encoders : one or two specs
    train, eval : str
        Files with ``text`` (and ``text_pair``) and ``label``; without the second, by
        cross-validation on the first.
    probes, level, power
        As in `compare_probes`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.
    """
    _pair(encoders, "encoders")
    read = [
        _files.read(spec, train, eval or train, eval_labelled=True, **columns) for spec in encoders
    ]
    classes = np.array(read[0].classes)
    specs = [str(EncoderSpec.parse(spec)) for spec in encoders]
    names = specs if len(specs) == 2 else list(probes)
    found = compare_probes(
        [each.vectors for each in read],
        classes[read[0].codes],
        None if eval is None else [each.sample.X_eval for each in read],
        None if eval is None else np.array(read[0].eval_labels),
        probes=probes,
        level=level,
        power=power,
        names=[*names, "second"][:2],
    )
    told = {"encoders": specs, "probes": list(probes), "skipped": read[0].skipped}
    return replace(found, provenance=told)


def judged(first: Any, second: Any, *, level: float = 0.95, power: float = POWER) -> Comparison:
    """Compare two records of right and wrong, bool arrays (n,) over the same rows."""
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.ndim != 1 or a.shape != b.shape or not a.size:
        raise InputError("the records are not of the same rows", "judge both on the same rows")
    n, only_first, only_second = len(a), int((a & ~b).sum()), int((b & ~a).sum())
    low, high = paired.interval(only_first, only_second, n, level)
    shares = only_first / n, only_second / n
    psi, difference = sum(shares), shares[0] - shares[1]
    alpha = 1 - level

    def needed(size: float) -> int | None:
        # As many discordant rows as seen, or as the difference itself takes.
        whole = min(max(psi, size), 1.0)
        return paired.rows_needed((whole + size) / 2, (whole - size) / 2, power, alpha)

    nearest, farthest = sorted((abs(low), abs(high)))
    return Comparison(
        names=("first", "second"),
        accuracies=(float(a.mean()), float(b.mean())),
        difference=difference,
        low=low,
        high=high,
        level=level,
        p_value=paired.p_value(only_first, only_second),
        only_first=shares[0],
        only_second=shares[1],
        n_train=0,
        n_eval=n,
        source="eval",
        power=power,
        n_needed=needed(abs(difference)),
        n_low=needed(farthest),
        n_high=None if low <= 0 <= high else needed(nearest),
    )


def _pair(given: Sequence[Any], what: str) -> list[Any]:
    if not 1 <= len(given) <= 2:
        raise InputError(f"there are {len(given)} {what}", "give one or two")
    return [given[0], given[-1]]


def _eval_codes(y_eval: ArrayLike, classes: tuple[str, ...]) -> Ints:
    return _files.codes(np.asarray(y_eval).astype(str).tolist(), classes, "y_eval")


def _right(
    head: str, X: Any, y: Ints, X_eval: ArrayLike | None, truth: Ints, n_classes: int
) -> Any:
    """Return which rows a probe gets right: eval rows, or its own left out."""
    evals = [] if X_eval is None else [matrix(X_eval, "X_eval")]
    probe = shelf.load("probes", head)
    if not hasattr(probe, "predict"):
        raise InputError(
            f"the probe '{head}' trains the encoder itself, here there are vectors alone",
            "compare it in a registry, or with 'charz head --fine-tune'",
        )
    answer = next(iter(probe.predict(X, [Draw(np.arange(len(y)), y)], evals, n_classes)))
    P = answer.probabilities[0] if evals else answer.cv_probabilities
    if P is None:
        raise InputError(f"the probe '{head}' does not cross-validate", "give labelled eval rows")
    if len(P) != len(truth):
        raise InputError(f"there are {len(P)} eval rows and {len(truth)} labels", "give as many")
    return P.argmax(axis=1) == truth
