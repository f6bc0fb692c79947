"""Which is best: probabilities from draws of the joint distribution.

Examples
--------
>>> from charz.completion._gaussian import Gaussian
>>> joint = Gaussian(np.array([0.0, 3.0]), 0.01 * np.eye(2))
>>> p_best(joint).round(2), p_within(joint, 0.01).round(2)
(array([0., 1.]), array([0., 1.]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _gaussian, _scale

if TYPE_CHECKING:
    from charz.completion._gaussian import Gaussian
    from charz.records import Floats

N_DRAWS = 4000
SEED = 0
POINT = 0.01


def p_best(joint: Gaussian, n_draws: int = N_DRAWS, seed: int = SEED) -> Floats:
    """Return how probable each place is the best of all, (n,); they sum to 1."""
    first = _gaussian.draws(joint, n_draws, seed).argmax(axis=1)
    return np.bincount(first, minlength=len(joint.mean)) / n_draws


def p_within(
    joint: Gaussian, margin: float = POINT, n_draws: int = N_DRAWS, seed: int = SEED
) -> Floats:
    """Return how probable each place lies within ``margin`` of the best in accuracy, (n,)."""
    found = _scale.to_accuracy(_gaussian.draws(joint, n_draws, seed))
    near = found >= found.max(axis=1, keepdims=True) - margin
    return np.asarray(near.mean(axis=0))


def regret(joint: Gaussian, n_draws: int = N_DRAWS, seed: int = SEED) -> float:
    """Return what taking the highest mean is expected to cost against the best, in accuracy."""
    found = _scale.to_accuracy(_gaussian.draws(joint, n_draws, seed))
    return float((found.max(axis=1) - found[:, int(joint.mean.argmax())]).mean())
