"""What the reference taught of learning curves: a prior over them, given a sample's own numbers.

In log-odds z of the metric the expected curve of a sample of n rows is

    z(N) = start + growth (1 - sqrt(n / N)),   growth >= 0,   N >= n

so that it never falls and flattens. One ridge regression on curves of the reference learns both:
``growth`` is linear in a few of the sample's features (`charz.curves._inputs.GROWING`), ``start``
in all of them, each with a slope that may change with n, by log n and by 1 / sqrt(n). Extra trees
learn ``start`` once more from what growth leaves, and a second ridge learns both from
the few features of growth alone; the mean of the three counts. Every group of datasets weighs the
same, a row by a (1 - a), so that errors count in points, and by its n, so that larger samples are
not lost among small ones. Intervals are
`charz.metamodels._conformal`'s: errors on groups held out, in units of the error to be expected
for such a value, such an n, so many doublings and such a rise ahead.

Source: power laws of learning curves, Cortes et al. 1993; their exponent 1/2, the inverse square
root, is one of the forms that Johnson et al. (ACL 2018) compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.curves import _inputs
from charz.curves._inputs import GROWING, log_odds
from charz.metamodels import _conformal, _link, _support, _trees
from charz.metamodels._parts import part

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]
    Inputs = Mapping[str, Floats]

FORMAT = 3
PENALTY = 3e-3
N_FOLDS = 5
N_EVAL = 500
"""Eval rows of a typical truth; the errors of all were learned as they are."""
N_TREES = 40
MOST_ROWS = 30_000
"""Rows that the trees learn from, drawn of all."""
MOST_LEAVES = 600
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
    weights = _link.group_weights(groups) * np.clip(truth * (1 - truth), 0.03, None)
    weights = weights * np.clip(np.sqrt(n / 64), *IMPORTANCE)
    weights = weights / weights.mean()
    Z, target = _inputs.matrix(scale, n, inputs), log_odds(truth, N_EVAL)
    growing = np.isin(scale["names"], GROWING)
    few = Z[:, growing]
    model = {f"inputs/{name}": array for name, array in scale.items()}
    model |= dict(zip(("start", "growth"), _solved(n, at, Z, few, target, weights), strict=True))
    short = _solved(n, at, few, few, target, weights)
    model |= dict(zip(("few/start", "few/growth"), short, strict=True))
    left = target - _growth(model, n, Z) * rise(n, at)
    return model | {f"trees/{name}": array for name, array in _grown(n, Z, left, weights).items()}


def _solved(
    n: Floats, at: Floats, Z: Floats, few: Floats, target: Floats, weights: Floats
) -> list[Floats]:
    """Return the slopes of start in ``Z`` and of growth in ``few``, by ridge in blocks of rows."""
    width = 3 * (2 + Z.shape[1] + few.shape[1])
    A, b, squares = np.zeros((width, width)), np.zeros(width), np.zeros(width)
    for first in range(0, len(n), BLOCK):
        rows = slice(first, first + BLOCK)
        growth = covariates(n[rows], few[rows]) * rise(n[rows], at[rows])[:, None]
        D = np.column_stack([covariates(n[rows], Z[rows]), growth])
        weighed = D * weights[rows, None]
        A += weighed.T @ D
        b += weighed.T @ target[rows]
        squares += (D**2).sum(axis=0)
    spread = np.sqrt(squares / len(n)) + 1e-9
    A = A / spread / spread[:, None]
    penalty = np.full(len(A), PENALTY * weights.sum())
    penalty[0] = 0
    A.ravel()[:: len(A) + 1] += penalty
    slopes = np.linalg.solve(A, b / spread) / spread
    return np.split(slopes, [3 * (1 + Z.shape[1])])


def _grown(n: Floats, Z: Floats, left: Floats, weights: Floats) -> Arrays:
    """Return trees of start: extremely randomised ones (Geurts et al. 2006), as arrays."""
    from sklearn.ensemble import ExtraTreesRegressor

    drawn = np.random.default_rng(0).permutation(len(n))[:MOST_ROWS]
    forest = ExtraTreesRegressor(
        n_estimators=N_TREES,
        max_features=0.3,
        min_samples_leaf=max(5, len(drawn) // MOST_LEAVES),
        random_state=0,
    ).fit(_seen(n[drawn], Z[drawn]), left[drawn], sample_weight=weights[drawn])
    arrays = _trees.from_forest(forest)
    return arrays | {"tree_value": arrays["tree_value"].astype(np.float32)}


def _seen(n: Floats, Z: Floats) -> Any:
    """Return what the trees look at, rounded as scikit-learn rounds it."""
    return np.column_stack([np.log2(n), Z]).astype(np.float32)


def _growth(model: Arrays, n: Floats, Z: Floats) -> Floats:
    few = covariates(n, Z[:, np.isin(model["inputs/names"], GROWING)])
    return np.maximum(few @ model["growth"], 0)


def parts(model: Arrays, n: Floats, inputs: Inputs) -> Floats:
    """Return start and growth of each row, (2, rows), in log-odds."""
    Z = _inputs.matrix(part(model, "inputs/"), n, inputs)
    trees = _trees.predict(part(model, "trees/"), _seen(n, Z).astype(np.float64))
    few = covariates(n, Z[:, np.isin(model["inputs/names"], GROWING)])
    start = (covariates(n, Z) @ model["start"] + trees + few @ model["few/start"]) / 3
    short = np.maximum(few @ model["few/growth"], 0)
    return np.stack([start, (2 * _growth(model, n, Z) + short) / 3])


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
