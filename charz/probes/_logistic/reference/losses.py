"""Both forms of log-loss, batched over problems that share rows but not weights.

Arrays of margins are (Q, K, n): Q problems (the full sample and its folds), K margins per row,
n rows last so that every pass runs over contiguous memory. `Softmax` has one margin per class;
`Sigmoid` a single one, for two classes, as in scikit-learn.

A class without rows in a problem's training part has its margin at `problem.NEVER`: the infimum of
the objective lies at an intercept of -infinity, where its probability is exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

# Relative curvature below which a direction counts as flat.
NOTHING = 1e-12


@dataclass(frozen=True)
class Value:
    """Losses and their derivatives at given margins.

    Attributes
    ----------
    loss : float array (Q,)
        Weighted sum over rows.
    P : float array (Q, K, n)
        Probabilities (of the second class alone for `Sigmoid`).
    R : float array (Q, K, n)
        Derivative of ``loss`` in the margins: weight times (P - label).
    """

    loss: Floats
    P: Floats
    R: Floats


class Softmax:
    """Multinomial loss: ``-log softmax(m)_y``."""

    def __init__(self, y: Ints, n_classes: int) -> None:
        self.y, self.n_margins = y, n_classes
        self._own = (y, np.arange(len(y)))

    def value(self, M: Floats, weights: Floats) -> Value:
        """Return losses and derivatives at margins ``M`` for row weights (Q, n)."""
        top = M.max(axis=1, keepdims=True)
        P = np.exp(M - top)
        total = P.sum(axis=1, keepdims=True)
        P /= total
        own = M[:, self._own[0], self._own[1]]
        rows = np.log(total[:, 0]) + top[:, 0] - own
        R = P * weights[:, None]
        R[:, self._own[0], self._own[1]] -= weights
        # Not a dot product: a row of weight 0 may have an own margin of NEVER.
        return Value(np.where(weights > 0, rows, 0).sum(axis=1, dtype=np.float64), P, R)

    def curvature(self, value: Value, weights: Floats) -> Floats:
        """Return the mean over rows of ``w p (1 - p)``, (Q, K)."""
        return _spread(value, weights)

    def hessian_of_intercepts(self, value: Value, weights: Floats) -> Floats:
        """Return the second derivative in the intercepts, (Q, K, K), made invertible."""
        PW = value.P * weights[:, None]
        H: Floats = -np.matmul(PW, value.P.transpose(0, 2, 1))
        diagonal = np.arange(self.n_margins)
        H[:, diagonal, diagonal] += PW.sum(axis=2)
        # Shifting all intercepts changes nothing; absent or certain classes have no curvature.
        most = H[:, diagonal, diagonal].max(axis=1)[:, None]
        most = np.where(most > 0, most, 1)
        H += most[:, :, None] / self.n_margins
        H[:, diagonal, diagonal] += NOTHING * most
        return H

    def center(self, D: Floats, alive: Floats) -> Floats:
        """Return directions (Q, K, ...) with zero sum over living classes, zero on dead ones."""
        share = alive / alive.sum(axis=1, keepdims=True)
        mean = np.matmul(share[:, None], D)
        centered: Floats = (D - mean) * alive[:, :, None]
        return centered


class Sigmoid:
    """Binary loss: ``log(1 + exp(-m))`` for class 1, ``log(1 + exp(m))`` for class 0."""

    n_margins = 1

    def __init__(self, y: Ints) -> None:
        # Booleans, unlike integers, leave float32 arithmetic in float32.
        self.y = y == 1

    def value(self, M: Floats, weights: Floats) -> Value:
        """Return losses and derivatives at margins ``M`` (Q, 1, n) for row weights (Q, n)."""
        m = M[:, 0]
        small = np.exp(-np.abs(m))
        P = np.where(m >= 0, 1, small) / (1 + small)
        rows = np.log1p(small) + np.where(self.y, np.maximum(-m, 0), np.maximum(m, 0))
        loss = np.where(weights > 0, rows, 0).sum(axis=1, dtype=np.float64)
        return Value(loss, P[:, None], (weights * (P - self.y))[:, None])

    def curvature(self, value: Value, weights: Floats) -> Floats:
        """Return the mean over rows of ``w p (1 - p)``, (Q, 1)."""
        return _spread(value, weights)

    def hessian_of_intercepts(self, value: Value, weights: Floats) -> Floats:
        """Return the second derivative in the intercept, (Q, 1, 1), made invertible."""
        H = (value.P * (1 - value.P) * weights[:, None]).sum(axis=2)
        return np.where(H > 0, H, 1)[:, :, None]

    def center(self, D: Floats, alive: Floats) -> Floats:
        """Return the directions as they are: one margin has nothing to sum to zero."""
        return D


def _spread(value: Value, weights: Floats) -> Floats:
    spread: Floats = np.matmul(value.P * (1 - value.P), weights[:, :, None])[:, :, 0]
    spread /= weights.shape[1]
    return spread


Loss = Softmax | Sigmoid
