"""Ridge regression of the labels, left out row by row, in closed form.

The prediction of row i without it is y_i - (y_i - f_i) / (1 - h_i), h_i its leverage. Source:
Golub, Heath and Wahba, Generalized cross-validation, 1979, section 1 (PRESS); Hastie, Tibshirani,
Friedman, The elements of statistical learning, 2009, equation 7.64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.labelled import Labelled
    from charz.records import Floats

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
"""Ridge penalties that are tried, in squares of `Labelled.unit`."""
MOST = 1 << 18
"""Numbers that are held at once, all penalties where they are few."""


@dataclass(frozen=True)
class LeftOut:
    """What the best of the ridge fits makes of rows that it did not see.

    Attributes
    ----------
    penalty : float
        The one of `PENALTIES` with the least loss, in squares of `Labelled.unit`.
    loss : float
        Sum of the squared errors.
    errors : float array (n_train, n_classes)
        One-hot labels less predictions.

    Examples
    --------
    >>> from charz.labelled import Labelled
    >>> left_out = LeftOut.of(Labelled(np.array([[0.0], [1.0], [9.0]]), np.array([0, 0, 1]), 2))
    >>> left_out.penalty, left_out.errors.round(2).tolist()
    (0.1, [[-0.09, 0.09], [0.13, -0.13], [-1.0, 1.0]])
    """

    penalty: float
    loss: float
    errors: Floats

    @classmethod
    def of(cls, labelled: Labelled) -> LeftOut:
        """Leave every row out at every penalty: O(6 n r K) after the shared factorisation."""
        step = max(MOST // labelled.one_hot.size, 1)
        best = cls(PENALTIES[0], math.inf, labelled.one_hot)
        for start in range(0, len(PENALTIES), step):
            some = slice(start, start + step)
            errors = _residuals(labelled, some)
            errors /= labelled.left[some, :, None]
            losses = np.einsum("gnk,gnk->g", errors, errors)
            if losses.min() < best.loss:
                least = int(losses.argmin())
                best = cls(PENALTIES[start + least], float(losses[least]), errors[least])
        return best


def _residuals(labelled: Labelled, some: slice) -> Floats:
    """Return what the fits to all rows leave of the labels, (penalties, n_train, n_classes)."""
    penalties = np.array(PENALTIES[some])
    solved = labelled.factor.solve(labelled.turned_labels, penalties)
    rows = labelled.turned_rows
    # One product for these penalties: (n, r) @ (r, penalties * classes).
    stacked = solved.transpose(1, 0, 2).reshape(len(rows), -1).astype(rows.dtype)
    product = (rows.T @ stacked).reshape(labelled.n_train, len(penalties), -1).transpose(1, 0, 2)
    if labelled.is_wide:
        wide: Floats = penalties[:, None, None] * product
        return wide
    rest: Floats = labelled.one_hot - labelled.class_counts / labelled.n_train - product
    return rest
