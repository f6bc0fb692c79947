"""Intervals for samples of the same domain and of another, mixed by which a sample looks like.

Errors under shift are larger for what is seen of them, and those of few rows have longer tails, so
each kind of row is calibrated alone, and within it each size of the training sample that has
groups enough (`charz.metamodels._conformal`; Mondrian conformal prediction, Vovk et al. 2005).
Where nobody tells what a new sample is, a logistic regression on its signs of risk says how
probable a shift is, p, and

    half width = (1 - p) that of the same domain + p that of a shift

Where it is told, p is 0 or 1. Answers to those who tell err less than answers that guess: each
need a calibration on held-out answers of their own.

Examples
--------
>>> rng = np.random.default_rng(0)
>>> shift = np.arange(800) % 2 == 1
>>> truth = 0.6 + rng.normal(0, np.where(shift, 0.1, 0.02))
>>> risks = {"n_train": np.full(800, 64), "n_eval": np.full(800, 500), "moved": 1.0 * shift}
>>> fitted = fit(np.full(800, 0.6), truth, np.arange(800) // 2 % 40, risks, shift)
>>> asked = {name: column[:2] for name, column in risks.items()}
>>> low, high = interval(fitted, [0.6, 0.6], asked, 0.9)
>>> bool((high - low)[0] < 0.1 < 0.25 < (high - low)[1])
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _conformal, _link
from charz.metamodels._judging import BUCKETS
from charz.metamodels._parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

LEAST_GROUPS = 10
"""A kind with fewer groups has no calibration of its own: it could promise no 90%."""
LEAST_OF_SIZE = 30
"""The same of a size within a kind."""


def fit(
    predicted: ArrayLike,
    truth: ArrayLike,
    groups: ArrayLike,
    risks: _conformal.Covariates,
    is_shift: ArrayLike,
    high: float = 1.0,
) -> Arrays:
    """Calibrate on out-of-group predictions; see `charz.metamodels._conformal.calibrate`.

    Parameters
    ----------
    is_shift : array (rows,)
        Whether each row was trained on another group than it is judged on.

    Raises
    ------
    InputError
        As `_conformal.calibrate`.
    """
    guess, true, labels = np.asarray(predicted), np.asarray(truth), np.asarray(groups)
    shift = np.asarray(is_shift, dtype=bool)
    kinds = {"same": ~shift, "shift": shift}
    alone = all(len(np.unique(labels[rows])) >= LEAST_GROUPS for rows in kinds.values())
    if not alone:
        kinds = {"same": np.ones(len(shift), dtype=bool)}
    fitted: Arrays = {}
    for kind, bucket, rows in _parts(kinds, risks, labels):
        some = {name: np.asarray(column)[rows] for name, column in risks.items()}
        own = _conformal.calibrate(guess[rows], true[rows], labels[rows], some, high=high)
        fitted |= {f"{kind}.{bucket}.{name}": array for name, array in own.items()}
    fitted |= {name: fitted[f"same.all.{name}"] for name in ("bounds", "n_groups")}
    return fitted | (_apart(risks, shift, labels) if alone else {})


def _parts(
    kinds: dict[str, np.ndarray], risks: _conformal.Covariates, groups: np.ndarray
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield every kind and size with groups enough, and its rows; all sizes of a kind always."""
    n_train = np.asarray(risks["n_train"], dtype=np.float64)
    for kind, rows in kinds.items():
        for bucket, (least, most) in BUCKETS.items():
            inside = rows & (n_train >= least) & (n_train < most)
            if bucket == "all" or len(np.unique(groups[inside])) >= LEAST_OF_SIZE:
                yield kind, bucket, inside


def interval(
    fitted: Arrays,
    value: ArrayLike,
    risks: _conformal.Covariates,
    level: float,
    told: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Return lower and upper ends, two arrays (rows,); see `_conformal.interval`.

    Parameters
    ----------
    told : array (rows,), optional
        Whether each row is shifted, as told: 1 or 0, NaN where nobody knows.

    Raises
    ------
    InputError
        When the level is not inside (0, 1) or a sign of risk is absent.
    """
    guess = np.asarray(value, dtype=np.float64)
    same = _half(fitted, "same", guess, risks, level)
    if "shift.all.slopes" not in fitted:
        half = same
    else:
        p = _shifted(fitted, risks)
        if told is not None:
            p = np.where(np.isfinite(told), told, p)
        half = _mixed(p, same, _half(fitted, "shift", guess, risks, level))
    low, high = fitted["bounds"]
    return np.clip(guess - half, low, high), np.clip(guess + half, low, high)


def _half(
    fitted: Arrays, kind: str, guess: Floats, risks: _conformal.Covariates, level: float
) -> Floats:
    """Return half widths by one kind's calibration, infinite where it cannot promise the level.

    Of a size that has its own calibration by that one.
    """
    n_train = np.asarray(risks["n_train"], dtype=np.float64)
    half = np.full(len(guess), np.nan)
    for bucket, (least, most) in BUCKETS.items():  # "all" comes first
        inside = (n_train >= least) & (n_train < most)
        if f"{kind}.{bucket}.slopes" in fitted and inside.any():
            own = part(fitted, f"{kind}.{bucket}.")
            some = {name: np.asarray(column)[inside] for name, column in risks.items()}
            error = _conformal.expected_error(own, guess[inside], some)
            half[inside] = _conformal.quantile(own, level) * error
    return half


def _mixed(p: Floats, same: Floats, shift: Floats) -> Floats:
    """Return (1 - p) same + p shift, where a width that does not count may be infinite."""
    with np.errstate(invalid="ignore"):
        mixed = (1 - p) * same + p * shift
    return np.where(p == 0, same, np.where(p == 1, shift, mixed))


def _apart(risks: _conformal.Covariates, shift: np.ndarray, groups: np.ndarray) -> Arrays:
    from sklearn.linear_model import LogisticRegression

    names = sorted(risks)
    X = np.log1p(np.column_stack([np.asarray(risks[name], dtype=np.float64) for name in names]))
    centre, spread = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
    weights = np.empty(len(shift))
    for rows in (shift, ~shift):
        weights[rows] = _link.group_weights(groups[rows]) / rows.sum()
    weights *= len(weights) / weights.sum()
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit((X - centre) / spread, shift, sample_weight=weights)
    return {
        "apart.names": np.array(names, dtype=np.str_),
        "apart.centre": centre,
        "apart.spread": spread,
        "apart.slopes": model.coef_[0],
        "apart.intercept": model.intercept_,
    }


def _shifted(fitted: Arrays, risks: _conformal.Covariates) -> Floats:
    """Return how probable a shift is, (rows,), with even odds to begin with."""
    columns = [np.asarray(risks[str(name)], dtype=np.float64) for name in fitted["apart.names"]]
    Z = (np.log1p(np.column_stack(columns)) - fitted["apart.centre"]) / fitted["apart.spread"]
    margin = np.clip(Z @ fitted["apart.slopes"] + fitted["apart.intercept"], -30, 30)
    return np.asarray(1 / (1 + np.exp(-margin)))
