"""One positive factor on scores, so that their softmax has the smallest log-loss.

For probes whose scores rank classes but are no log probabilities (distances, regressions).
The factor is fitted on leave-one-out scores: see C. Guo et al., "On calibration of modern
neural networks", ICML 2017, section 4.2, where it is 1/T.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

# Beyond exp(-8)..exp(8) on scores of unit spread, softmax is flat or a hard maximum.
LEAST, MOST = float(np.exp(-8.0)), float(np.exp(8.0))
# Steps shrink quadratically: one below this is followed by none that shows.
CLOSE = 1e-9
STEPS = 100
# Up to as many classes, sums over classes are quicker down columns than along short rows.
NARROW = 16


def softmax(S: Floats) -> Floats:
    """Return the softmax over the last axis; scores of -inf give probability 0.

    >>> softmax(np.array([[0.0, 0.0, -np.inf]]))
    array([[0.5, 0.5, 0. ]])
    """
    if S.ndim == 2 and S.shape[1] <= NARROW:
        return np.ascontiguousarray(_softmax(np.ascontiguousarray(S.T), 0).T)
    return _softmax(S, -1)


def _softmax(S: Floats, axis: int) -> Floats:
    P: Floats = S - S.max(axis=axis, keepdims=True)
    np.exp(P, out=P)
    P /= P.sum(axis=axis, keepdims=True)
    return P


def factor(S: Floats, y: Ints) -> float:
    """Return the factor t > 0 for which ``softmax(t * S)`` has the smallest log-loss on ``y``.

    One row more counts, as it were, whose label is spread evenly over the classes: scores that
    are never wrong would else ask for certainty. (J. Platt smooths his targets to the same
    end: "Probabilistic outputs for support vector machines", 1999, section 2.2.) The loss is
    convex in t: Newton's method finds its minimum between ``exp(-8)`` and ``exp(8)`` over the
    spread of the scores, to a relative 1e-12; a step that leaves what is known to enclose the
    minimum is replaced by the geometric middle. Rows whose own score is -inf carry no
    information about t and are left out; without any row left, or any spread, t is 1.

    Parameters
    ----------
    S : float array (n, n_classes)
    y : int array (n,)

    Examples
    --------
    Scores that are right three times in four, by a margin of 1, are given odds of 3.5 to 1.5:

    >>> S = np.array([[1.0, 0.0]] * 4)
    >>> float(np.round(np.exp(factor(S, np.array([0, 0, 0, 1]))), 4))
    2.3333
    """
    own = S[np.arange(len(S)), y]
    told = np.isfinite(own)
    if not told.all():
        S, own = S[told], own[told]
    axis = 0 if S.shape[1] <= NARROW else 1
    M = np.ascontiguousarray(S.T) - own if axis == 0 else S - own[:, None]
    finite = np.isfinite(M)
    margins = M if finite.all() else np.where(finite, M, 0.0)
    spread = float(np.sqrt(np.einsum("ij,ij->", margins, margins) / max(M.size, 1)))
    if spread == 0.0:
        return 1.0
    return _least(_Loss(M, margins, axis, 1 / spread)) / spread


def _least(loss: _Loss) -> float:
    """Return where a convex function of t > 0 is least between `LEAST` and `MOST`."""
    low, high, t = 0.0, np.inf, 1.0
    for _ in range(STEPS):
        slope, curvature = loss.slopes(t)
        low, high = (low, t) if slope > 0 else (t, high)
        if high <= LEAST or low >= MOST:
            return t
        step = -slope / curvature if curvature > 0 else -np.sign(slope) * np.inf
        if abs(step) <= CLOSE * t:
            return t + step
        t = float(np.clip(t + step, LEAST, MOST))
        if not low < t < high:
            t = float(np.sqrt(max(low, LEAST) * min(high, MOST)))
    return t


class _Loss:
    """The smoothed log-loss as a function of the factor on scaled margins.

    ``M`` are scores less the true class's, with classes along ``axis``, ``margins`` the same
    with 0 in place of -inf; ``scale`` multiplies both.
    """

    def __init__(self, M: Floats, margins: Floats, axis: int, scale: float) -> None:
        self._margins, self._axis, self._scale = margins, axis, scale
        self._below = M - M.max(axis=axis, keepdims=True)
        self._work, n = np.empty_like(M), M.shape[1 - axis]
        self._share, self._even = 1 + 1 / n, float(margins.sum()) / margins.size

    def slopes(self, t: float) -> tuple[float, float]:
        """Return the first and the second derivative."""
        P, axis, scale = self._work, self._axis, self._scale
        np.exp(np.multiply(self._below, t * scale, out=P), out=P)
        P /= P.sum(axis=axis, keepdims=True)
        P *= self._margins
        mean = P.sum(axis=axis)
        P *= self._margins
        variance = (float(P.sum()) - float(mean @ mean)) * scale**2
        return scale * (self._share * float(mean.sum()) - self._even), self._share * variance
