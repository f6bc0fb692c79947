"""The majority probe: class frequencies of the training sample, whatever the row.

The floor that every other probe is judged against. Leave-one-out probabilities are the
frequencies among the other rows.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.zeros((4, 1))
>>> (answer,) = predict(X, [Draw(np.arange(4), np.array([0, 1, 1, 1]))], [X[:1]], n_classes=3)
>>> answer.probabilities[0]
array([[0.25, 0.75, 0.  ]])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.probes._draws import Task, answer
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PARAMETERS: dict[str, Any] = {}


def predict(
    X: ArrayLike, draws: Iterable[Draw], X_evals: Iterable[ArrayLike], n_classes: int
) -> Iterator[Prediction]:
    """Yield the class frequencies of each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``.
    """
    return answer(_fit, X, draws, X_evals, n_classes)


def _fit(task: Task) -> Prediction:
    n = len(task.y)
    frequencies = task.counts / n
    others = (task.counts - task.one_hot) / (n - 1)
    return Prediction([np.tile(frequencies, (len(E), 1)) for E in task.X_evals], others)
