"""What the reference taught of learning curves: a prior over them, given a sample's own numbers.

In log-odds z of the metric the expected curve of a sample of n rows is

    z(N) = start + growth (1 - sqrt(n / N)),   growth >= 0,   N >= n

so that it never falls and flattens. One regression on curves of the reference learns both:
``growth`` is linear in a few of the sample's features (`charz.curves._inputs.GROWING`), ``start``
in all of them, each with a slope that may change with n, by log n and by 1 / sqrt(n). It makes
absolute errors small, so that a few odd curves count little, with a ridge penalty on the slopes.
Every group of datasets weighs the same, a row by p (1 - p) of the p that is said of it, so that
errors count in points, and by its n, so that larger samples are not lost among small ones.
Intervals are `charz.metamodels._conformal`'s: errors on groups held out, in units of the error to
be expected for such a value, such an n, so many doublings and such a rise ahead.

Source: power laws of learning curves, Cortes et al. 1993; their exponent 1/2, the inverse square
root, is one of the forms that Johnson et al. (ACL 2018) compare. Least absolute errors by
reweighted least squares: Schlossmacher, JASA 1973.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.curves import _inputs
from charz.curves._inputs import GROWING, log_odds
from charz.metamodels import _conformal, _link, _support
from charz.metamodels._parts import part

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]
    Inputs = Mapping[str, Floats]

FORMAT = 4
PENALTY = 3e-3
N_FOLDS = 5
N_EVAL = 500
"""Eval rows of a typical truth; the errors of all were learned as they are."""
N_ROUNDS = 5
"""Fits, each weighing every row by its error of the fit before."""
NEAR = 0.1
"""Errors in log-odds below this, of 2.5 points at the most, count by their squares."""
LEAST = 0.03
"""Of p (1 - p) in a row's weight."""
IMPORTANCE = (0.5, 2.0)
"""Least and greatest weight of a sample for its n; 1 at 64 rows, rising by the square root."""
BLOCK = 20_000
"""Rows whose design is in memory at once."""


def rise(n: ArrayLike, at: ArrayLike) -> Floats:
    """Return ``1 - sqrt(n / N)``: the share of all growth from n that N rows bring.

    >>> rise([64, 64], [64, 256])
    array([0. , 0.5])
    """
    return np.asarray(1 - np.sqrt(np.asarray(n, np.float64) / np.asarray(at, np.float64)))


def covariates(n: Floats, Z: Floats) -> Floats:
    """Return a constant and inputs, with slopes that change with n, (rows, 3 (1 + inputs))."""
    own = np.column_stack([np.ones(len(n)), Z])
    changing = own * np.log2(n / 64)[:, None] / 3, own * np.sqrt(64 / n)[:, None]
    return np.column_stack([own, *changing])


def regress(n: Floats, at: Floats, inputs: Inputs, truth: Floats, groups: Any) -> Arrays:
    """Learn start and growth from pairs of sizes n <= N; the arrays that `parts` reads."""
    scale = _inputs.fit(n, inputs)
    importance = _link.group_weights(groups) * np.clip(np.sqrt(n / 64), *IMPORTANCE)
    Z, target = _inputs.matrix(scale, n, inputs), log_odds(truth, N_EVAL)
    few = Z[:, np.isin(scale["names"], GROWING)]
    slopes = None
    for _ in range(N_ROUNDS):
        slopes = _solved(_blocks(n, at, Z, few), target, importance, slopes)
    learned = np.split(np.asarray(slopes), [3 * (1 + Z.shape[1])])
    model = {f"inputs/{name}": array for name, array in scale.items()}
    return model | dict(zip(("start", "growth"), learned, strict=True))


def _blocks(n: Floats, at: Floats, Z: Floats, few: Floats) -> Iterator[tuple[slice, Floats]]:
    """Yield the design in blocks of rows: covariates of start, then of growth times the rise."""
    for first in range(0, len(n), BLOCK):
        rows = slice(first, first + BLOCK)
        growth = covariates(n[rows], few[rows]) * rise(n[rows], at[rows])[:, None]
        yield rows, np.column_stack([covariates(n[rows], Z[rows]), growth])


def _solved(
    blocks: Iterator[tuple[slice, Floats]], target: Floats, importance: Floats, last: Floats | None
) -> Floats:
    """Return the slopes of one more fit, its rows weighed by what ``last``, the one before, said.

    Without one, as if that had said the truth: least squares.
    """
    A = b = squares = total = np.zeros(())
    for rows, D in blocks:
        aim = target[rows]
        weights = importance[rows] * _weights(aim, aim if last is None else D @ last)
        weighed = D * weights[:, None]
        A, b, total = A + weighed.T @ D, b + weighed.T @ aim, total + weights.sum()
        squares = squares + (D**2).sum(axis=0)
    spread = np.sqrt(squares / len(target)) + 1e-9
    A = A / spread / spread[:, None]
    penalty = np.full(len(A), PENALTY * total)
    penalty[0] = 0
    A.ravel()[:: len(A) + 1] += penalty
    return np.asarray(np.linalg.solve(A, b / spread) / spread)


def _weights(target: Floats, said: Floats) -> Floats:
    """Return weights of squared errors in log-odds that make them absolute ones in points."""
    p = 1 / (1 + np.exp(-said))
    return np.asarray(np.clip(p * (1 - p), LEAST, None) / np.maximum(abs(target - said), NEAR))


def parts(model: Arrays, n: Floats, inputs: Inputs) -> Floats:
    """Return start and growth of each row, (2, rows), in log-odds."""
    Z = _inputs.matrix(part(model, "inputs/"), n, inputs)
    few = covariates(n, Z[:, np.isin(model["inputs/names"], GROWING)])
    return np.stack([covariates(n, Z) @ model["start"], np.maximum(few @ model["growth"], 0)])


def values(model: Arrays, n: Floats, at: Floats, inputs: Inputs) -> Floats:
    """Return the expected metric at N for each row, (rows,)."""
    start, growth = parts(model, n, inputs)
    return np.asarray(1 / (1 + np.exp(-start - growth * rise(n, at))))


def fit(
    n: ArrayLike, at: ArrayLike, inputs: Mapping[str, ArrayLike], truth: ArrayLike, groups: Any
) -> Arrays:
    """Learn a prior, and calibrate it on groups held out in folds.

    Parameters
    ----------
    n, at : arrays (rows,)
        Labelled rows of a sample, and the size at which the truth was measured.
    inputs : mapping of arrays (rows,)
        Features by name, `charz.curves._inputs.GROWING` among them.
    truth : array (rows,)
        The metric at ``at``.
    groups : array (rows,)
        Groups of datasets.
    """
    size, target = np.asarray(n, np.float64), np.asarray(at, np.float64)
    known = {name: np.asarray(column, np.float64) for name, column in inputs.items()}
    true, labels = np.asarray(truth, np.float64), np.asarray(groups)
    folds, said, now = _link.fold_of(labels, N_FOLDS), np.empty(len(true)), np.empty(len(true))
    for fold in np.unique(folds):
        out = folds == fold
        seen = {name: column[~out] for name, column in known.items()}
        asked = {name: column[out] for name, column in known.items()}
        learned = regress(size[~out], target[~out], seen, true[~out], labels[~out])
        start, growth = parts(learned, size[out], asked)
        said[out] = 1 / (1 + np.exp(-start - growth * rise(size[out], target[out])))
        now[out] = 1 / (1 + np.exp(-start))
    risks = _risks(size, target, said - now)
    calibration = _conformal.calibrate(said, true, labels, risks)
    own = size == target
    measured = _frame(size[own], {name: known[name][own] for name in GROWING})
    return (
        {"format": np.array(FORMAT), **regress(size, target, known, true, labels)}
        | {f"calibration/{name}": array for name, array in calibration.items()}
        | {f"support/{name}": array for name, array in _support.fit(measured, labels[own]).items()}
    )


def _risks(n: Floats, at: Floats, risen: Floats) -> dict[str, Floats]:
    """Return what errors may grow with: few rows, doublings ahead, the rise foreseen."""
    ahead = np.log2(at / n)
    typical = np.full(len(n), float(N_EVAL))
    return {"n_train": n, "n_eval": typical, "ahead": ahead, "risen": risen}


def _frame(n: Floats, inputs: Mapping[str, Floats]) -> Any:
    import pandas as pd

    return pd.DataFrame({"n_train": n, **inputs})


class Prior:
    """A learned prior, asked about one sample.

    Parameters
    ----------
    arrays : dict of arrays
        What `fit` returned.
    n : int
        Labelled rows.
    inputs : mapping of float
        The sample's features by name: `names` at the least.
    """

    def __init__(self, arrays: Arrays, n: int, inputs: Mapping[str, float]) -> None:
        self.n = float(n)
        self.inputs = {name: float(inputs[name]) for name in names(arrays)}
        self._support = part(arrays, "support/")
        self._calibration = part(arrays, "calibration/")
        rows = {name: np.array([value]) for name, value in self.inputs.items()}
        self._parts = parts(arrays, np.array([self.n]), rows)[:, 0]

    def values(self, at: ArrayLike) -> Floats:
        """Return the expected metric at the sizes, (sizes,), never falling."""
        start, growth = self._parts
        sizes = np.maximum(np.asarray(at, dtype=np.float64), self.n)
        return np.asarray(1 / (1 + np.exp(-start - growth * rise(self.n, sizes))))

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

    def beyond(self, score: ArrayLike) -> Floats:
        """Return the probability that the truth lies above the value by ``score`` expected errors.

        Errors of either sign count as equally probable.
        """
        z = np.asarray(score, dtype=np.float64)
        scores, mass = self._calibration["scores"], np.append(0, self._calibration["mass"])
        tail = (1 - mass[np.searchsorted(scores, np.abs(z), side="right")]) / 2
        return np.asarray(np.where(z >= 0, tail, 1 - tail))

    @property
    def support(self) -> float:
        """How like the measured world the sample is, in [0, 1]."""
        inputs = {name: np.array([self.inputs[name]]) for name in GROWING}
        found = _support.support(self._support, _frame(np.array([self.n]), inputs))
        return float(np.clip(found[0], 0, 1))


def names(arrays: Arrays) -> tuple[str, ...]:
    """Return the features that a prior asks for."""
    return tuple(map(str, arrays["inputs/names"]))
