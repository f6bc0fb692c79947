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
WIDEST = 8.0
HALVINGS = 40


def softmax(S: Floats) -> Floats:
    """Return the softmax over the last axis; scores of -inf give probability 0.

    >>> softmax(np.array([[0.0, 0.0, -np.inf]]))
    array([[0.5, 0.5, 0. ]])
    """
    P: Floats = np.exp(S - S.max(axis=-1, keepdims=True))
    P /= P.sum(axis=-1, keepdims=True)
    return P


def factor(S: Floats, y: Ints) -> float:
    """Return the factor t > 0 for which ``softmax(t * S)`` has the smallest log-loss on ``y``.

    One row more counts, as it were, whose label is spread evenly over the classes: scores that
    are never wrong would else ask for certainty. (J. Platt smooths his targets to the same
    end: "Probabilistic outputs for support vector machines", 1999, section 2.2.) The loss is
    convex in t: its minimum is bisected in ``log t`` between ``exp(-8)`` and ``exp(8)`` over
    the spread of the scores. Rows whose own score is -inf carry no
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
    S, own = S[np.isfinite(own)], own[np.isfinite(own)]
    finite = np.where(np.isfinite(S), S, own[:, None])
    margins = finite - own[:, None]
    spread = float(np.sqrt((margins**2).mean())) if len(S) else 0.0
    if spread == 0.0:
        return 1.0
    n, even = len(S), margins.mean(axis=1).sum()
    low, high = -WIDEST, WIDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        P = softmax(np.exp(middle) / spread * S)
        rising = (n + 1) * float(np.einsum("nk,nk->", P, margins)) > even
        low, high = (low, middle) if rising else (middle, high)
    return float(np.exp((low + high) / 2) / spread)
