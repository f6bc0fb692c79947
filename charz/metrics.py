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

if TYPE_CHECKING:
    from charz.records import Floats, Ints

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier", "ece", "auroc")
N_BINS = 15
EPSILON = float(np.finfo(np.float64).eps)


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
    P, y = _checked(P, y)
    predicted = P.argmax(axis=1)
    correct = predicted == y
    return {
        "accuracy": float(correct.mean()),
        "balanced_accuracy": _balanced_accuracy(correct, y, P.shape[1]),
        "macro_f1": _macro_f1(predicted, correct, y, P.shape[1]),
        "log_loss": log_loss(P, y),
        "brier": brier(P, y),
        "ece": _ece(P[np.arange(len(y)), predicted], correct),
        "auroc": auroc(P, y),
    }


def accuracy(P: Floats, y: Ints) -> float:
    """Return the share of rows whose most probable class is the true one, in [0, 1]."""
    return float((P.argmax(axis=1) == y).mean())


def log_loss(P: Floats, y: Ints) -> float:
    """Return the mean negative log probability of the true class, in nats.

    Probabilities are clipped below at `EPSILON`, so one impossible row costs 36.04.

    >>> round(log_loss(np.array([[1.0, 0.0]]), np.array([1])), 2)
    36.04
    """
    return float(-np.log(np.maximum(P[np.arange(len(y)), y], EPSILON)).mean())


def brier(P: Floats, y: Ints) -> float:
    """Return half the mean squared distance to the one-hot label, in [0, 1].

    Half of Brier's sum over classes [1]_, so that for two classes it is the familiar
    ``mean((p_1 - y)**2)``.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
       Weather Review 78 (1950), equation 2.
    """
    # ||p - e_y||^2 = ||p||^2 - 2 p_y + 1, without building the one-hot matrix.
    true = P[np.arange(len(y)), y]
    distance = np.einsum("nk,nk->n", P, P) - 2 * true + 1
    return max(0.0, float(distance.mean()) / 2)


def ece(P: Floats, y: Ints) -> float:
    """Return the expected calibration error of the top class, in [0, 1].

    Over `N_BINS` bins of equal width ``(i/15, (i+1)/15]`` of the largest probability: the mean
    of ``|accuracy - confidence|`` weighted by rows [1]_.

    References
    ----------
    .. [1] C. Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.
    """
    predicted = P.argmax(axis=1)
    return _ece(P[np.arange(len(y)), predicted], predicted == y)


def auroc(P: Floats, y: Ints) -> float:
    """Return the area under the ROC curve: P(score of a member > of a non-member) + ties / 2.

    Two classes: of the second class's probability. More: the mean of one-versus-rest areas
    over classes with both members and non-members in ``y`` [1]_. NaN where there is none.

    References
    ----------
    .. [1] J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143 (1982).
    """
    n, n_classes = P.shape
    counts = np.bincount(y, minlength=n_classes)
    classes = np.flatnonzero((counts > 0) & (counts < n))
    if n_classes == 2:
        classes = classes[classes == 1]
    if not classes.size:
        return float("nan")
    columns = np.sort(P[:, classes].T, axis=1)
    members = np.split(np.argsort(y, kind="stable"), np.cumsum(counts)[:-1])
    areas = [
        _area(column, P[members[k], k]) for column, k in zip(columns, classes.tolist(), strict=True)
    ]
    return float(np.mean(areas))


def _checked(P: Floats, y: Ints) -> tuple[Floats, Ints]:
    P, y = np.asarray(P, dtype=np.float64), np.asarray(y)
    if P.ndim != 2 or y.shape != (len(P),) or 0 in P.shape:
        raise InputError(
            f"probabilities {P.shape} and labels {y.shape} do not fit",
            "give (n, n_classes) and (n,) with n > 0",
        )
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= P.shape[1]:
        raise InputError("labels are no class codes", f"give integers in range({P.shape[1]})")
    if not np.isfinite(P.sum()):
        raise InputError("a probability is NaN or infinite", "mend the probe that made it")
    return P, y


def _balanced_accuracy(correct: Ints, y: Ints, n_classes: int) -> float:
    counts = np.bincount(y, minlength=n_classes)
    hits = np.bincount(y, weights=correct, minlength=n_classes)
    return float((hits[counts > 0] / counts[counts > 0]).mean())


def _macro_f1(predicted: Ints, correct: Ints, y: Ints, n_classes: int) -> float:
    # F1 = 2 TP / (members + predicted members); zero where nothing was hit.
    size = np.bincount(y, minlength=n_classes) + np.bincount(predicted, minlength=n_classes)
    hits = np.bincount(y, weights=correct, minlength=n_classes)
    return float((2 * hits[size > 0] / size[size > 0]).mean())


def _ece(confidence: Floats, correct: Ints) -> float:
    bins = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    surplus = np.bincount(bins, weights=correct - confidence, minlength=N_BINS)
    return float(np.abs(surplus).sum() / len(confidence))


def _area(scores: Floats, inside: Floats) -> float:
    """Return the area under the curve from all ``scores``, sorted, and those of members."""
    # The mean of both insertion points, + 1/2, is the mid-rank that equals share.
    below = scores.searchsorted(inside, "left").sum() + scores.searchsorted(inside, "right").sum()
    n_in = len(inside)
    return float((below / 2 - n_in * n_in / 2) / (n_in * (len(scores) - n_in)))
