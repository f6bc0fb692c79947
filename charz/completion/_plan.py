"""What to measure next: the cell that is expected to help most for what it costs.

To choose an encoder for one task, the gain of a cell is its knowledge gradient: how much higher
the best mean is expected to be once it was measured,

    E[max_j (m_j + b_j Z)] - max_j m_j,   b = S[:, i] / sqrt(S_ii + v_i),   Z ~ N(0, 1)

in accuracy (Frazier, Powell and Dayanik 2009, equation 14). To fill a line of the registry it is
the fall of its total variance, |S[:, i]|^2 / (S_ii + v_i) (A-optimality). Both are divided by the
cost.

Examples
--------
>>> from charz.completion._gaussian import Gaussian
>>> joint = Gaussian(np.array([0.0, 0.0, -3.0]), np.diag([1.0, 0.1, 0.1]))
>>> int(gain(joint, np.zeros(3)).argmax()), int(fall(joint, np.zeros(3)).argmax())
(0, 0)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.completion import _scale
from charz.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from charz.completion._gaussian import Gaussian
    from charz.records import Floats

N_NODES = 65
STOP = 0.001
"""The expected gain in accuracy below which another cell is not worth its while: 0.1 point."""
GOALS = ("best", "fill")


@dataclass(frozen=True)
class Next:
    """The cell to measure next.

    Attributes
    ----------
    place : int
        Its place in the line.
    gain : float
        What it is expected to bring: accuracy of the chosen encoder (``best``), or variance on
        the probit scale (``fill``).
    is_worth : bool
        For ``best``, whether that is `STOP` or more; for ``fill`` whether it is above zero.
    """

    place: int
    gain: float
    is_worth: bool


def gain(joint: Gaussian, noise: Floats) -> Floats:
    """Return the knowledge gradient of measuring each place, (n,), as an accuracy.

    Parameters
    ----------
    joint : Gaussian
    noise : array (n,)
        Variance of each measurement, on the scale of ``joint``.
    """
    from scipy.special import ndtri

    steps = joint.covariance / np.sqrt(np.diag(joint.covariance) + noise)
    nodes = ndtri((np.arange(N_NODES) + 0.5) / N_NODES)
    best = np.zeros(len(noise))
    for node in nodes:
        best += _scale.to_accuracy((joint.mean[:, None] + node * steps).max(axis=0))
    still = np.zeros(len(noise))
    top = int(joint.mean.argmax())
    for node in nodes:
        still += _scale.to_accuracy(joint.mean[top] + node * steps[top])
    return np.asarray(np.maximum(best - still, 0) / N_NODES)


def fall(joint: Gaussian, noise: Floats) -> Floats:
    """Return how much less the summed variance is once each place was measured, (n,)."""
    S = joint.covariance
    return np.asarray((S**2).sum(axis=0) / np.maximum(np.diag(S) + noise, 1e-12))


def following(
    joint: Gaussian,
    noise: Floats,
    cost: Floats | None = None,
    allowed: np.ndarray | None = None,
    goal: str = "best",
) -> Next:
    """Return the cell with the most gain per unit of cost; the first among equals.

    A cell that is not worth its while is only returned where none is: little gain for next to
    nothing is no reason to measure.

    Parameters
    ----------
    joint : Gaussian over n places
        Given all that was measured.
    noise : array (n,)
        Variance of a measurement of each place, on the scale of ``joint``.
    cost : array (n,), optional
        Seconds of each cell, above zero; default: all the same.
    allowed : boolean array (n,), optional
        Which cells may be measured; default: all.
    goal : {"best", "fill"}

    Raises
    ------
    UnknownNameError
        When there is no such goal.
    InputError
        When no cell is allowed, or a cost is not above zero.
    """
    if goal not in GOALS:
        raise UnknownNameError.among("goal", goal, GOALS)
    allowed = np.ones(len(noise), dtype=bool) if allowed is None else allowed
    cost = np.ones(len(noise)) if cost is None else np.asarray(cost, dtype=np.float64)
    if not allowed.any():
        raise InputError("no cell is left to measure", "allow more encoders")
    if not (cost[allowed] > 0).all():
        raise InputError("a cost is not above zero", "give seconds of each cell")
    worth = (gain if goal == "best" else fall)(joint, noise)
    is_worth = allowed & (worth > (STOP if goal == "best" else 0.0))
    asked = is_worth if is_worth.any() else allowed
    rate = np.where(asked, worth / np.where(cost > 0, cost, 1.0), -np.inf)
    place = int(rate.argmax())
    return Next(place, float(worth[place]), bool(is_worth[place]))


def seconds(n_params: Floats, n_texts: float, mean_tokens: float, rate: float = 1e11) -> Floats:
    """Return the predicted cost of a cell: 2 operations per parameter and token over a rate.

    An unknown number of parameters counts as the median of the known. Source: Kaplan et al. 2020,
    table 1 (a forward pass takes 2 N operations per token).

    >>> seconds(np.array([1e8, np.nan]), 1000, 50)
    array([100., 100.])
    """
    size = np.asarray(n_params, dtype=np.float64)
    known = size[np.isfinite(size)]
    usual = float(np.median(known)) if len(known) else 1e8
    return np.asarray(2 * np.where(np.isfinite(size), size, usual) * n_texts * mean_tokens / rate)
