"""What the reference taught of learning curves: a prior over them, given a sample's own numbers.

In log-odds z of the metric the expected curve of a sample of n rows is

    z(N) = start + growth (1 - sqrt(n / N)),   growth >= 0,   N >= n

so that it never falls and flattens. ``start`` and ``growth`` are linear in the sample's inputs
(`charz.curves._pilot.INPUTS`): scores by cross-validation, by leaving rows out and at half the
rows, the gain of the last doubling, class count and majority share, each with a slope that may
change with n, by log n and by 1 / sqrt(n). One ridge regression on curves of the reference learns
both at once; every group of datasets weighs the same and a row by a (1 - a), so that errors count
in points. Intervals are `charz.metamodels._conformal`'s: errors on groups held out, in units of
the error to be expected for such a value, such an n, so many doublings and such a rise ahead.

Source: power laws of learning curves, Cortes et al. 1993; their exponent 1/2, the inverse square
root, is one of the forms that Johnson et al. (ACL 2018) compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.curves._pilot import INPUTS
from charz.metamodels import _conformal, _link, _support

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

FORMAT = 1
PENALTY = 1e-3
N_FOLDS = 5
SHARES = ("cv", "cv_macro_f1", "cv_smoothed", "ridge_loo_accuracy", "curve_shape_half",
          "majority_share")  # fmt: skip
"""Inputs that are shares of the n rows: taken in log-odds."""
N_EVAL = 500
"""Eval rows of a typical truth; the errors of all were learned as they are."""


def covariates(n: ArrayLike, inputs: Mapping[str, ArrayLike]) -> Floats:
    """Return what ``start`` and ``growth`` are linear in, (rows, 2 + inputs + ...).

    An input that is not defined counts as cross-validation's own score, a slope as 0.
    """
    size = np.asarray(n, dtype=np.float64)
    given = {name: np.asarray(inputs[name], dtype=np.float64) for name in INPUTS}
    stand_in = np.where(np.isfinite(given["cv"]), given["cv"], given["majority_share"])
    shares = [
        log_odds(np.where(np.isfinite(given[name]), given[name], stand_in), size) for name in SHARES
    ]
    slope = np.nan_to_num(given["curve_shape_slope"])
    classes = np.log2(np.maximum(given["n_classes"], 2)) / 3
    own = np.column_stack([np.ones_like(size), *shares, 5 * slope, classes])
    return np.column_stack(
        [own, own * np.log2(size / 64)[:, None] / 3, own * np.sqrt(64 / size)[:, None]]
    )


def log_odds(share: ArrayLike, n: ArrayLike) -> Floats:
    """Return the log-odds of shares of n rows, half a row from 0 and 1 at the least.

    >>> log_odds([0.5, 1.0], [10, 10]).round(2)
    array([0.  , 2.94])
    """
    least = 0.5 / np.maximum(np.asarray(n, dtype=np.float64), 1)
    inside = np.clip(np.asarray(share, dtype=np.float64), least, 1 - least)
    return np.asarray(np.log(inside / (1 - inside)))


def rise(n: ArrayLike, at: ArrayLike) -> Floats:
    """Return ``1 - sqrt(n / N)``: the share of all growth from n that N rows bring.

    >>> rise([64, 64], [64, 256])
    array([0. , 0.5])
    """
    return np.asarray(1 - np.sqrt(np.asarray(n, np.float64) / np.asarray(at, np.float64)))


def regress(n: Floats, at: Floats, inputs: Mapping[str, Floats], truth: Floats, groups: Any) -> Any:
    """Return coefficients (2, covariates) of start and growth; rows are pairs of sizes n <= N."""
    C = covariates(n, inputs)
    D = np.column_stack([C, C * rise(n, at)[:, None]])
    weights = _link.group_weights(groups) * np.clip(truth * (1 - truth), 0.03, None)
    scale = D.std(axis=0) + 1e-9
    scale[0] = 1.0
    D /= scale
    A = (D * weights[:, None]).T @ D
    penalty = PENALTY * weights.sum() * np.ones(len(A))
    penalty[0] = 0
    A.ravel()[:: len(A) + 1] += penalty
    target = log_odds(truth, N_EVAL)
    return (np.linalg.solve(A, (D * weights[:, None]).T @ target) / scale).reshape(2, -1)


def values(coefficients: Floats, n: Floats, at: Floats, inputs: Mapping[str, Floats]) -> Floats:
    """Return the expected metric at N for each row, (rows,)."""
    start, growth = coefficients @ covariates(n, inputs).T
    z = start + np.maximum(growth, 0) * rise(n, at)
    return np.asarray(1 / (1 + np.exp(-z)))


def fit(
    n: ArrayLike, at: ArrayLike, inputs: Mapping[str, ArrayLike], truth: ArrayLike, groups: Any
) -> Arrays:
    """Learn a prior, and calibrate it on groups held out in folds.

    Parameters
    ----------
    n, at : arrays (rows,)
        Labelled rows of a sample, and the size at which the truth was measured.
    inputs : mapping of arrays (rows,)
        By name, `INPUTS`.
    truth : array (rows,)
        The metric at ``at``.
    groups : array (rows,)
        Groups of datasets.
    """
    size, target = np.asarray(n, np.float64), np.asarray(at, np.float64)
    known = {name: np.asarray(inputs[name], np.float64) for name in INPUTS}
    true, labels = np.asarray(truth, np.float64), np.asarray(groups)
    folds, said, now = _link.fold_of(labels, N_FOLDS), np.empty(len(true)), np.empty(len(true))
    for fold in np.unique(folds):
        out = folds == fold
        seen = {name: column[~out] for name, column in known.items()}
        asked = {name: column[out] for name, column in known.items()}
        learned = regress(size[~out], target[~out], seen, true[~out], labels[~out])
        said[out] = values(learned, size[out], target[out], asked)
        now[out] = values(learned, size[out], size[out], asked)
    risks = _risks(size, target, said - now)
    calibration = _conformal.calibrate(said, true, labels, risks)
    calibration = _thinned(calibration)
    own = size == target
    measured = _frame(size[own], {name: column[own] for name, column in known.items()})
    support = _support.fit(measured, labels[own])
    return (
        {"format": np.array(FORMAT), "coefficients": regress(size, target, known, true, labels)}
        | {f"calibration/{name}": array for name, array in calibration.items()}
        | {f"support/{name}": array for name, array in support.items()}
    )


def _risks(n: Floats, at: Floats, risen: Floats) -> dict[str, Floats]:
    """Return what errors may grow with: few rows, doublings ahead, the rise foreseen."""
    ahead = np.log2(at / n)
    typical = np.full(len(n), float(N_EVAL))
    return {"n_train": n, "n_eval": typical, "ahead": ahead, "risen": risen}


def _thinned(calibration: Arrays, most: int = 2000) -> Arrays:
    """Return a calibration whose distribution of scores has at most ``most`` steps."""
    step = -(-len(calibration["scores"]) // most)
    kept = np.arange(len(calibration["scores"]))[::-1][::step][::-1]
    return calibration | {name: calibration[name][kept] for name in ("scores", "mass")}


def _frame(n: Floats, inputs: Mapping[str, Floats]) -> Any:
    import pandas as pd

    return pd.DataFrame({"n_train": n, **{name: inputs[name] for name in INPUTS}})


class Prior:
    """A learned prior, asked about one sample.

    Parameters
    ----------
    arrays : dict of arrays
        What `fit` returned.
    n : int
        Labelled rows.
    inputs : mapping of float
        The sample's, by name.
    """

    def __init__(self, arrays: Arrays, n: int, inputs: Mapping[str, float]) -> None:
        self.n = float(n)
        self._arrays = arrays
        self._inputs = {name: float(inputs[name]) for name in INPUTS}
        self._calibration = {
            name.partition("/")[2]: array
            for name, array in arrays.items()
            if name.startswith("calibration/")
        }

    def values(self, at: ArrayLike) -> Floats:
        """Return the expected metric at the sizes, (sizes,), never falling."""
        sizes = np.maximum(np.asarray(at, dtype=np.float64), self.n)
        inputs = {name: np.full(len(sizes), value) for name, value in self._inputs.items()}
        n = np.full(len(sizes), self.n)
        return values(self._arrays["coefficients"], n, sizes, inputs)

    def errors(self, at: ArrayLike, value: Floats, n: float | None = None) -> Floats:
        """Return the error to be expected at the sizes, (sizes,), of a sample of ``n`` rows."""
        sizes = np.asarray(at, dtype=np.float64)
        own = np.full(len(sizes), self.n if n is None else n)
        risen = np.maximum(value - self.values(own), 0)
        risks = _risks(own, np.maximum(sizes, own), risen)
        return _conformal.expected_error(self._calibration, value, risks)

    def quantile(self, level: float) -> float:
        """Return how many expected errors an interval of this coverage reaches to each side."""
        return _conformal.quantile(self._calibration, level)

    def beyond(self, score: float) -> float:
        """Return the probability that the truth lies above the value by ``score`` expected errors.

        Errors of either sign count as equally probable.
        """
        scores, mass = self._calibration["scores"], self._calibration["mass"]
        place = int(np.searchsorted(scores, abs(score), side="right"))
        inside = float(mass[place - 1]) if place else 0.0
        tail = (1 - inside) / 2
        return tail if score >= 0 else 1 - tail

    @property
    def support(self) -> float:
        """How like the measured world the sample is, in [0, 1]."""
        known = {
            name.partition("/")[2]: array
            for name, array in self._arrays.items()
            if name.startswith("support/")
        }
        inputs = {name: np.array([value]) for name, value in self._inputs.items()}
        found = _support.support(known, _frame(np.array([self.n]), inputs))
        return float(np.clip(found[0], 0, 1))
