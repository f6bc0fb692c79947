"""Every head on one labelled sample: cross-validated scores, chosen settings, seconds.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> y = np.arange(40) % 2
>>> X = rng.normal(size=(40, 3)) + 3 * y[:, None]
>>> found = measure(X, y, 2, heads=("logistic", "knn"))
>>> found["logistic"].cv_accuracy > 0.9, sorted(found["knn"].setting)
(True, ['k'])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import metrics, shelf
from charz.heads import HEADS
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints, Prediction

SINGLE = {"logistic": "C", "ridge": "alpha", "knn": "k", "lda": "shrinkage"}
"""What the one number is called that a probe chooses."""


@dataclass(frozen=True)
class Measured:
    """One head on one sample.

    Attributes
    ----------
    cv_accuracy, cv_log_loss : float
        Of training rows left out; NaN where the head has none.
    chosen : float
        As in `charz.records.Prediction`; NaN where nothing is chosen.
    setting : dict
        What was chosen, by its names.
    seconds : float
        CPU seconds of all fits, cross-validation among them.
    is_right : bool array (n_train,) or None
        Whether each row's class was found without it.
    answers : int array (n_eval,) or None
        The most probable class of each eval row.
    """

    cv_accuracy: float
    cv_log_loss: float
    chosen: float
    setting: dict[str, Any]
    seconds: float
    is_right: Any = None
    answers: Ints | None = None


def measure(
    X: Floats,
    y: Ints,
    n_classes: int,
    X_eval: Floats | None = None,
    heads: Sequence[str] = HEADS,
) -> dict[str, Measured]:
    """Fit every head to the rows ``X`` (n, n_dims) of codes ``y`` (n,), each by itself.

    A vote takes the answers of members that come before it, and their seconds.
    """
    draw, evals = Draw(np.arange(len(y)), y), [] if X_eval is None else [X_eval]
    answers: dict[str, Prediction] = {}
    for name in heads:
        _ready(name)
        item = shelf.load("probes", name)
        asked = item.PARAMETERS.get("members", ())
        if asked and set(asked) <= set(answers):
            answers[name] = item.of_answers([answers[member] for member in asked], y)
        else:
            (answers[name],) = item.predict(X, [draw], evals, n_classes)
    return {
        name: of_answer(answer, y, _setting(name, answer.chosen))
        for name, answer in answers.items()
    }


@cache
def _ready(name: str) -> None:
    """Let a head load what it needs before its seconds count."""
    X, y = np.eye(6), np.arange(6) % 2
    list(shelf.load("probes", name).predict(X, [Draw(np.arange(6), y)], [], 2))


def of_answer(answer: Prediction, y: Ints, setting: dict[str, Any]) -> Measured:
    """Return what a probe's answer for one eval array, or none, says."""
    P, chosen = answer.cv_probabilities, answer.chosen
    first = answer.probabilities[0].argmax(axis=1) if answer.probabilities else None
    return Measured(
        cv_accuracy=math.nan if P is None else float(metrics.accuracy(P, y)),
        cv_log_loss=math.nan if P is None else float(metrics.log_loss(P, y)),
        chosen=math.nan if chosen is None else float(chosen),
        setting=setting,
        seconds=answer.seconds,
        is_right=None if P is None else P.argmax(axis=1) == y,
        answers=first,
    )


def _setting(name: str, chosen: float | None) -> dict[str, Any]:
    """Return what a head's ``chosen`` stands for.

    >>> _setting("logistic", 10.0), _setting("svm", 3.0)
    ({'C': 10.0}, {'kernel': 'rbf', 'gamma': 0.5, 'C': 1.0})
    """
    item = shelf.load("probes", name)
    if chosen is None:
        return {}
    if hasattr(item, "setting"):
        found: dict[str, Any] = item.setting(chosen)
        return found
    return {SINGLE.get(name, "chosen"): chosen}
