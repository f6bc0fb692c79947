"""Metrics of a probe's answer: from class probabilities and true labels to seven numbers.

Conventions, the same for every result in a registry:

- The predicted class is the most probable one; among equals, the smallest code.
- Labels may name classes that the probe never saw: such rows count as errors, and their
  probability (usually 0) enters log-loss and Brier score as it is.
- Averages over classes ("macro") are unweighted. ``balanced_accuracy`` runs over the classes
  present in ``y``; ``macro_f1`` over those present or predicted; ``auroc`` over those with both
  members and non-members in ``y``. The first two are scikit-learn's defaults.

>>> import numpy as np
>>> P = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
>>> {name: round(value, 3) for name, value in measure(P, np.array([0, 1, 1])).items()}
{'accuracy': 0.667, 'balanced_accuracy': 0.75, 'macro_f1': 0.667, 'log_loss': 0.459,
 'brier': 0.153, 'ece': 0.333, 'auroc': 1.0}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError
from charz.metrics._areas import areas

if TYPE_CHECKING:
    from charz.records import Floats, Ints

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier", "ece", "auroc")
N_BINS = 15
EPSILON = float(np.finfo(np.float64).eps)
BUDGET = 32 << 20
"""Bytes of working memory that `measure_many` may take, for about two copies of a part of P."""


def measure(P: Floats, y: Ints) -> dict[str, float]:
    """Return every metric in `NAMES`.

    Parameters
    ----------
    P : float array (n, n_classes)
        Class probabilities, rows summing to 1.
    y : int array (n,)
        True class codes in ``range(n_classes)``.

    Returns
    -------
    dict
        All in [0, 1] except ``log_loss`` (nats, >= 0); ``auroc`` is NaN where no class has both
        members and non-members.

    Raises
    ------
    InputError
        When there is no row, shapes disagree, a code lies outside the columns, or a
        probability is NaN or infinite.
    """
    measured = measure_many(np.asarray(P)[None], y)
    return {name: float(values[0]) for name, values in measured.items()}


def measure_many(P: Floats, y: Ints) -> dict[str, Floats]:
    """Return every metric in `NAMES` for each of several answers about the same rows.

    What depends on the labels alone is done once; each answer's metrics are, to the last bit,
    those that `measure` gives it. Takes about `BUDGET` bytes of memory besides ``P``.

    Parameters
    ----------
    P : float array (B, n, n_classes)
        Class probabilities of B answers.
    y : int array (n,)
        True class codes in ``range(n_classes)``.

    Returns
    -------
    dict
        For each name a float array (B,).

    Raises
    ------
    InputError
        As `measure` does.

    Examples
    --------
    >>> P = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.9, 0.1], [0.6, 0.4]]])
    >>> measure_many(P, np.array([0, 1]))["accuracy"]
    array([1. , 0.5])
    """
    P, y = np.asarray(P), np.asarray(y)
    _check(P, y)
    step = max(1, BUDGET // (16 * P.shape[1] * P.shape[2]))
    parts = [_measured(P[start : start + step], y) for start in range(0, len(P), step)]
    return {name: np.concatenate([part[name] for part in parts]) for name in NAMES}


def _measured(P: Floats, y: Ints) -> dict[str, Floats]:
    P = np.ascontiguousarray(P, dtype=np.float64)
    if not np.isfinite(P.sum()):
        raise InputError("a probability is NaN or infinite", "mend the probe that made it")
    predicted = P.argmax(axis=2)
    correct = predicted == y
    confidence = _of_classes(P, predicted)
    hits = _per_class(y, correct, P.shape[2])
    return {
        "accuracy": correct.mean(axis=1),
        "balanced_accuracy": _balanced_accuracy(hits, y),
        "macro_f1": _macro_f1(hits, predicted, y),
        "log_loss": _log_loss(P, y),
        "brier": _brier(P, y),
        "ece": _ece(confidence, correct),
        "auroc": _auroc(P, y),
    }


def accuracy(P: Floats, y: Ints) -> float:
    """Return the share of rows whose most probable class is the true one, in [0, 1]."""
    return float((P.argmax(axis=1) == y).mean())


def accuracies(P: Floats, y: Ints) -> Floats:
    """Return the `accuracy` of each of B answers ``P`` (B, n, n_classes)."""
    shares: Floats = (P.argmax(axis=2) == y).mean(axis=1)
    return shares


def log_losses(P: Floats, y: Ints) -> Floats:
    """Return the `log_loss` of each of B answers ``P`` (B, n, n_classes)."""
    return _log_loss(P, y)


def log_loss(P: Floats, y: Ints) -> float:
    """Return the mean negative log probability of the true class, in nats.

    Probabilities are clipped below at `EPSILON`, so one impossible row costs 36.04.

    >>> round(log_loss(np.array([[1.0, 0.0]]), np.array([1])), 2)
    36.04
    """
    return float(_log_loss(_one(P), y)[0])


def brier(P: Floats, y: Ints) -> float:
    """Return half the mean squared distance to the one-hot label, in [0, 1].

    Half of Brier's sum over classes [1]_, so that for two classes it is the familiar
    ``mean((p_1 - y)**2)``.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
       Weather Review 78 (1950), equation 2.
    """
    return float(_brier(_one(P), y)[0])


def ece(P: Floats, y: Ints) -> float:
    """Return the expected calibration error of the top class, in [0, 1].

    Over `N_BINS` bins of equal width ``(i/15, (i+1)/15]`` of the largest probability: the mean
    of ``|accuracy - confidence|`` weighted by rows [1]_.

    References
    ----------
    .. [1] C. Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.
    """
    predicted = P.argmax(axis=1)
    confidence = _of_classes(_one(P), predicted)
    return float(_ece(confidence, (predicted == y)[None])[0])


def auroc(P: Floats, y: Ints) -> float:
    """Return the area under the ROC curve: P(score of a member > of a non-member) + ties / 2.

    Two classes: of the second class's probability. More: the mean of one-versus-rest areas
    over classes with both members and non-members in ``y`` [1]_. NaN where there is none.

    References
    ----------
    .. [1] J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143 (1982).
    """
    return float(_auroc(_one(P), y)[0])


def _one(P: Floats) -> Floats:
    """Return a single answer as several, (1, n, n_classes)."""
    return np.ascontiguousarray(P, dtype=np.float64)[None]


def _check(P: Floats, y: Ints) -> None:
    if P.ndim != 3 or y.shape != P.shape[1:2] or 0 in P.shape:
        raise InputError(
            f"probabilities {P.shape[1:]} and labels {y.shape} do not fit",
            "give (n, n_classes) and (n,) with n > 0",
        )
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= P.shape[2]:
        raise InputError("labels are no class codes", f"give integers in range({P.shape[2]})")


def _per_class(codes: Ints, counted: Ints, n_classes: int) -> Ints:
    """Return how many of the ``counted`` rows (B, n) have each code, (B, n_classes)."""
    n_answers = len(counted)
    cells = codes + n_classes * np.arange(n_answers)[:, None]
    found = np.bincount(cells[counted], minlength=n_answers * n_classes)
    return found.reshape(n_answers, n_classes)


def _balanced_accuracy(hits: Ints, y: Ints) -> Floats:
    counts = np.bincount(y, minlength=hits.shape[1])
    recalls = hits / np.maximum(counts, 1)
    mean: Floats = recalls.sum(axis=1) / np.count_nonzero(counts)
    return mean


def _macro_f1(hits: Ints, predicted: Ints, y: Ints) -> Floats:
    # F1 = 2 TP / (members + predicted members); zero where nothing was hit.
    n_classes = hits.shape[1]
    members = np.bincount(y, minlength=n_classes)
    size = members + _per_class(predicted, np.ones(predicted.shape, dtype=bool), n_classes)
    scores = 2 * hits / np.maximum(size, 1)
    mean: Floats = scores.sum(axis=1) / np.count_nonzero(size, axis=1)
    return mean


def _log_loss(P: Floats, y: Ints) -> Floats:
    loss: Floats = -np.log(np.maximum(_of_classes(P, y), EPSILON)).mean(axis=1)
    return loss


def _brier(P: Floats, y: Ints) -> Floats:
    # ||p - e_y||^2 = ||p||^2 - 2 p_y + 1, without building the one-hot matrix.
    n = len(y)
    squares = np.square(P).reshape(len(P), -1).sum(axis=1)
    distance = (squares - 2 * _of_classes(P, y).sum(axis=1)) / n + 1
    loss: Floats = np.maximum(distance, 0.0) / 2
    return loss


def _of_classes(P: Floats, codes: Ints) -> Floats:
    """Return the probabilities of the classes ``codes``, (n,) or (B, n), in an array (B, n)."""
    n_answers, n, n_classes = P.shape
    cells = (n_classes * np.arange(n_answers * n)).reshape(n_answers, n) + codes
    found: Floats = P.ravel().take(cells)
    return found


def _ece(confidence: Floats, correct: Ints) -> Floats:
    n_answers, n = confidence.shape
    bins = np.ceil(confidence * N_BINS).astype(np.int64) - 1
    bins = np.minimum(np.maximum(bins, 0), N_BINS - 1)
    bins += N_BINS * np.arange(n_answers)[:, None]
    surplus = np.bincount(
        bins.ravel(), weights=(correct - confidence).ravel(), minlength=N_BINS * n_answers
    )
    error: Floats = np.abs(surplus.reshape(n_answers, N_BINS)).sum(axis=1) / n
    return error


def _auroc(P: Floats, y: Ints) -> Floats:
    n_answers, n, n_classes = P.shape
    counts = np.bincount(y, minlength=n_classes)
    classes = np.flatnonzero((counts > 0) & (counts < n))
    if n_classes == 2:
        classes = classes[classes == 1]
    if not classes.size:
        return np.full(n_answers, np.nan)
    mean: Floats = areas(P, y, classes).mean(axis=1)
    return mean
