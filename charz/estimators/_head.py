"""The deployed probe's answers as estimators see them: out of fold with truth, eval without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample


@dataclass(frozen=True)
class Answers:
    """Probabilities on labelled rows (by folds that did not see them) and on eval rows.

    Attributes
    ----------
    source : float array (n_train, n_classes)
    right : bool array (n_train,)
        Whether the most probable class is the label.
    target : float array (n_eval, n_classes)
    """

    source: Floats
    right: np.ndarray
    target: Floats

    @property
    def accuracy(self) -> float:
        """Out-of-fold accuracy."""
        return float(self.right.mean())


def answers(sample: Sample) -> Answers | None:
    """Return the head's answers, or None where fewer than two classes have labelled rows."""
    if len(sample.present) < 2 or sample.head.cv_probabilities is None:
        return None
    source = sample.head.cv_probabilities
    right = source.argmax(axis=1) == sample.y_train
    return Answers(source, right, sample.head.probabilities[0])


def confidence(P: Floats) -> Floats:
    """Return the largest probability of each row."""
    return np.asarray(P.max(axis=1), dtype=np.float64)


def share(value: float) -> float:
    """Return the value clipped to [0, 1]."""
    return float(min(max(value, 0.0), 1.0))
