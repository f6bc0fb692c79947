"""Which layer of a checkpoint is enough: logistic probes on all, compared row by row.

All layers answer for the same left-out rows, so what one layer loses to another is a mean of
paired differences, far less uncertain than either accuracy. The shallowest layer is taken whose
loss to the best is within one standard error of it: the one-standard-error rule [1]_.

References
----------
.. [1] L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and regression trees", 1984,
   section 3.4.3.
.. [2] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003),
   section 3: the variance of five folds' mean is 1 + 5/4 times that of independent ones.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> y = np.arange(80) % 2
>>> X = rng.normal(size=(80, 3)) + 3 * y[:, None]
>>> found = compare([rng.normal(size=(80, 3)), X, X], y, 2)
>>> enough(found), round(found[0]["loss"], 1) > 0.2
(1, True)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.heads._measured import measure

if TYPE_CHECKING:
    from charz.records import Floats, Ints

HEAD = "logistic"
CORRECTED = 1.5
"""What an error of cross-validation over five folds is multiplied by: folds share their rows."""


def compare(
    layers: Sequence[Floats],
    y: Ints,
    n_classes: int,
    level: float = 0.9,
    evals: Sequence[Floats] | None = None,
) -> list[dict[str, Any]]:
    """Return one row per layer, in the order given.

    Parameters
    ----------
    layers : sequence of arrays (n, n_dims)
        The same texts at each layer, the shallowest first.
    y : int array (n,)
    n_classes : int
    level : float in (0, 1)
        Coverage of the interval of the gain.
    evals : sequence of arrays (n_eval, n_dims), optional

    Returns
    -------
    list of dict
        ``accuracy`` (cross-validated), ``gain`` over the deepest layer with ``low``, ``high`` and
        its standard ``error``, ``loss`` to the best layer and its ``loss_error``, ``seconds``, and
        ``answers`` for the eval rows.
    """
    asked = [None] * len(layers) if evals is None else evals
    found = [
        measure(X, y, n_classes, E, heads=(HEAD,))[HEAD] for X, E in zip(layers, asked, strict=True)
    ]
    best = found[int(np.argmax([each.cv_accuracy for each in found]))]
    return [
        paired(each.is_right.astype(float) - found[-1].is_right, level)
        | {
            "accuracy": each.cv_accuracy,
            "loss": best.cv_accuracy - each.cv_accuracy,
            "loss_error": paired(best.is_right.astype(float) - each.is_right, level)["error"],
            "seconds": each.seconds,
            "answers": each.answers,
        }
        for each in found
    ]


def paired(differences: Floats, level: float) -> dict[str, Any]:
    """Return the mean of paired differences as ``gain``, with ``error``, ``low`` and ``high``.

    One row more of either sign counts, as it were, so that few equal rows do not make certain. The
    interval is for the heads as trained on another sample: `CORRECTED` times as wide [2]_.

    >>> {name: round(value, 3) for name, value in paired(np.zeros(98), 0.9).items()}
    {'gain': 0.0, 'error': 0.014, 'low': -0.035, 'high': 0.035}
    """
    from scipy.special import ndtri

    more = np.concatenate([differences, [1.0, -1.0]])
    error = float(more.std() / math.sqrt(len(more)))
    half = CORRECTED * float(ndtri((1 + level) / 2)) * error
    gain = float(differences.mean())
    return {"gain": gain, "error": error, "low": gain - half, "high": gain + half}


def enough(rows: Sequence[dict[str, Any]]) -> int:
    """Return the place of the first layer whose loss to the best is within one standard error."""
    return next(place for place, row in enumerate(rows) if row["loss"] <= row["loss_error"])
