"""Intervals whose coverage holds for a new dataset: grouped, normalised conformal prediction.

From predictions made for groups that the model had not seen, the residuals are divided by
how large an error is to be expected for such a sample, and the quantile of these scores is
taken with every *group* weighing the same and one more group, the new one, at infinity:

    P(truth in interval) >= level  for a row of a new group, if groups are exchangeable.

Source: Lee, Barber and Willett 2023 (arXiv 2306.06342), hierarchical conformal prediction;
normalised scores after Papadopoulos et al. 2008. With G groups no level above G / (G + 1)
can be promised: there the interval is the metric's whole range.

Examples
--------
>>> rng = np.random.default_rng(0)
>>> truth = rng.uniform(0.4, 0.9, 400)
>>> guess = truth + rng.normal(0, 0.05, 400)
>>> sizes = {"n_train": np.full(400, 64), "n_eval": np.full(400, 500)}
>>> calibration = calibrate(guess, truth, np.arange(400) % 40, sizes)
>>> low, high = interval(calibration, [0.7], {"n_train": [64], "n_eval": [500]}, 0.9)
>>> bool(0.07 < (high - low)[0] / 2 < 0.1)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError, check_share
from charz.metamodels import _link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

    Arrays = dict[str, np.ndarray]
    Covariates = Mapping[str, ArrayLike]

SIZES = ("n_train", "n_eval")
#: No expected error is taken to be below this share of the mean one.
LEAST = 0.2
MOST_STEPS = 1000
"""Of the scores' distribution, as it is kept."""


def calibrate(
    predicted: ArrayLike,
    truth: ArrayLike,
    groups: ArrayLike,
    covariates: Covariates,
    low: float = 0.0,
    high: float = 1.0,
) -> Arrays:
    """Learn expected errors and the scores' distribution from out-of-group predictions.

    Parameters
    ----------
    predicted, truth : arrays (rows,)
        In the metric's units; ``predicted`` by models that had not seen the row's group.
    groups : array (rows,)
    covariates : mapping of name to array (rows,)
        ``n_train`` and ``n_eval``; any other column is a nonnegative sign of risk, such as
        ``1 - support`` or how far the stack's members part.
    low, high : float
        The metric's range; ``high`` may be infinite.

    Raises
    ------
    InputError
        When there are no rows, a covariate is absent, or a number is not finite.
    """
    guess, true = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if not guess.size or not np.isfinite(guess - true).all():
        raise InputError("held-out predictions are absent or not finite", "fit the metamodel again")
    others = sorted(set(covariates) - set(SIZES))
    bounds = np.array([low, high], dtype=np.float64)
    risks = _risks(guess, covariates, others, bounds)
    weights = _link.group_weights(groups)
    errors = np.abs(true - guess)
    slopes = _slopes(risks, errors, weights)
    least = LEAST * np.average(errors, weights=weights) + 1e-9
    scores = errors / np.maximum(risks @ slopes, least)
    order = np.argsort(scores, kind="stable")
    n_groups = len(np.unique(np.asarray(groups)))
    mass = np.cumsum(weights[order]) / weights.sum() * n_groups / (n_groups + 1)
    kept = steps(mass)
    return {
        "bounds": bounds,
        "risks": np.array(others, dtype=np.str_),
        "slopes": slopes,
        "least": np.array(least),
        "scores": scores[order][kept],
        "mass": mass[kept],
        "n_groups": np.array(n_groups),
    }


def steps(mass: Floats) -> Ints:
    """Return which of the rising masses are kept: about `MOST_STEPS`, so that little is stored.

    A level between two of them is served by the next one up: never less than was promised.

    >>> len(steps(np.linspace(0.5, 1, 9))), len(steps(np.linspace(0, 1, 10**5))) <= MOST_STEPS
    (9, True)
    """
    if len(mass) <= MOST_STEPS:
        return np.arange(len(mass))
    asked = np.linspace(0, mass[-1], MOST_STEPS)
    return np.unique(np.minimum(np.searchsorted(mass, asked), len(mass) - 1))


def interval(
    calibration: Arrays, value: ArrayLike, covariates: Covariates, level: float
) -> tuple[Floats, Floats]:
    """Return lower and upper ends for predictions ``value``, two arrays (rows,).

    Parameters
    ----------
    level : float in (0, 1)
        The promised coverage; above G / (G + 1) for G calibration groups
        (``calibration["n_groups"]``) the whole range is returned.

    Raises
    ------
    InputError
        When the level is not inside (0, 1) or a covariate is absent.
    """
    guess = np.asarray(value, dtype=np.float64)
    low, high = calibration["bounds"]
    half = quantile(calibration, level) * expected_error(calibration, guess, covariates)
    return np.clip(guess - half, low, high), np.clip(guess + half, low, high)


def quantile(calibration: Arrays, level: float) -> float:
    """Return the score that a new group's row stays below with probability ``level``."""
    check_share(level)
    at = int(np.searchsorted(calibration["mass"], level - 1e-12))
    return float(calibration["scores"][at]) if at < len(calibration["scores"]) else float("inf")


def expected_error(calibration: Arrays, value: Floats, covariates: Covariates) -> Floats:
    """Return the mean absolute error expected at ``value``, (rows,), in the metric's units."""
    others = [str(name) for name in calibration["risks"]]
    risks = _risks(value, covariates, others, calibration["bounds"])
    return np.maximum(risks @ calibration["slopes"], float(calibration["least"]))


def _risks(value: Floats, covariates: Covariates, others: list[str], bounds: Floats) -> Floats:
    """Return what an error may grow with, (rows, 4 + others), all nonnegative.

    A constant, the spread of the metric at the value, the same as a standard error over
    n_train and over n_eval rows, then the other signs of risk.
    """
    absent = sorted({*SIZES, *others} - set(covariates))
    if absent:
        raise InputError(f"the covariate '{absent[0]}' is absent", "give it for every row")
    given = [np.asarray(covariates[name], dtype=np.float64) for name in (*SIZES, *others)]
    if not all(np.isfinite(column).all() for column in given):
        raise InputError("a covariate is not finite", "give sizes and risks for every row")
    n_train, n_eval = (np.maximum(column, 1) for column in given[:2])
    spread = _spread(value, n_train, bounds)
    columns = [np.ones_like(spread), spread, spread / np.sqrt(n_train), spread / np.sqrt(n_eval)]
    return np.column_stack(columns + [np.maximum(column, 0) for column in given[2:]])


def _spread(value: Floats, n_train: Floats, bounds: Floats) -> Floats:
    """Return sqrt((v - low) (high - v)), or v - low where the range has no upper end.

    Few rows cannot tell a perfect score from a good one: v is drawn one success and one
    failure towards the middle (Agresti and Coull 1998), as if n_train rows had been scored.
    """
    low, high = bounds
    inside = np.clip(value, low, high)
    if not np.isfinite(high):
        return np.asarray(inside - low)
    drawn = (n_train * inside + low + high) / (n_train + 2)
    return np.asarray(np.sqrt((drawn - low) * (high - drawn)))


def _slopes(risks: Floats, errors: Floats, weights: Floats) -> Floats:
    """Return nonnegative slopes of the expected error, so that it grows with every risk."""
    from scipy.optimize import nnls

    root = np.sqrt(weights)
    scale = np.maximum(np.sqrt(np.average(risks**2, axis=0, weights=weights)), 1e-12)
    slopes, _ = nnls(risks / scale * root[:, None], errors * root)
    return np.asarray(slopes / scale, dtype=np.float64)
