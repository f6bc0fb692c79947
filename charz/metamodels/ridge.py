"""Ridge regression of what the sample's own guesses miss, on the learned scale.

``link(metric) = link(base) + b0 + (b + c s) . z`` with z the standardised columns of
`charz.metamodels._design` and s = min(8 / sqrt(n_train), 2): medians stand in for missing
values, a 0/1 indicator marks them, and z is clipped to [-3, 3] so that an odd sample cannot run
away with a slope. The penalty is the one of 11 with the least group-held-out squared error.
Groups count the same.

Source: Hoerl and Kennard 1970. Cost: one eigendecomposition (columns^3) per fold.

Examples
--------
>>> import numpy as np, pandas as pd
>>> rng = np.random.default_rng(0)
>>> frame = pd.DataFrame({"cv": rng.uniform(0.5, 0.9, 200), "bias": rng.normal(size=200)})
>>> truth = (frame.cv - 0.02 * frame.bias).clip(0, 1)
>>> model = fit(frame, truth, np.arange(200) % 10)
>>> bool(np.abs(predict(model, frame) - truth).mean() < 0.01)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _design, _link

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

    Arrays = dict[str, np.ndarray]

PENALTIES = np.logspace(0, 5, 11)
FOLDS = 5
CLIP = 3.0
MIDDLE = (10, 50, 90)
"""Percentiles that a column's centre and spread are read from."""
WIDTH = 2.563
"""Standard deviations between the outer two, for a normal column."""
MOST = 2.0


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit on a frame of features; see the contract in `charz.metamodels`.

    Parameters
    ----------
    link : {"share", "log"}, optional
        The scale to learn on; default: by the target's range.
    """
    y = np.asarray(target, dtype=np.float64)
    link = _link.choose(y, link)
    weights = _link.group_weights(groups)
    design = _design.fit(features, y, weights, link)
    scaling = _scaling(_design.matrix(design, features))
    Z = _columns(design | scaling, features)
    residual = _link.to_scale(link, y) - _design.base(design, features)
    penalty = _penalty(Z, residual, weights, _link.fold_of(groups, FOLDS))
    intercept, slopes = _solve(Z, residual, weights, [penalty])[0]
    fitted = {"intercept": np.array(intercept), "slopes": slopes, "penalty": np.array(penalty)}
    return {"format": np.array(2), **design, **scaling, **fitted}


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range."""
    Z = _columns(model, features)
    scaled = _design.base(model, features) + float(model["intercept"]) + Z @ model["slopes"]
    return _link.from_scale(str(model["link"]), scaled)


def _scaling(X: Floats) -> Arrays:
    """Return medians, robust spreads and which columns miss values, of the training rows."""
    low, centre, high = np.nanpercentile(X, MIDDLE, axis=0)
    spread = (high - low) / WIDTH
    spread = np.where(spread > 1e-9 * (1 + np.abs(centre)), spread, np.nanstd(X, axis=0))
    missing = np.asarray(np.isnan(X).any(axis=0))
    return {"centre": centre, "spread": np.where(spread > 1e-12, spread, 1.0), "missing": missing}


def _columns(model: Arrays, features: pd.DataFrame) -> Floats:
    """Return standardised columns, and each again times what small samples weigh more.

    A column says other things of 16 rows than of 1,000: its slope may fall with n^(-1/2).
    """
    X = _design.matrix(model, features)
    gone = np.isnan(X)
    Z = np.where(gone, 0.0, (X - model["centre"]) / model["spread"])
    Z = np.hstack([np.clip(Z, -CLIP, CLIP), gone[:, model["missing"]]])
    small = np.minimum(8 / np.sqrt(_design.sizes(features)), MOST)[:, None]
    return np.hstack([Z, Z * small, small, small**2])


def _penalty(Z: Floats, y: Floats, weights: Floats, fold: Ints) -> float:
    """Return the penalty with the least weighted squared error on held-out groups."""
    if fold.max() == 0:
        return float(np.median(PENALTIES))
    losses = np.zeros(len(PENALTIES))
    for k in range(fold.max() + 1):
        rest, out = fold != k, fold == k
        for i, (b0, b) in enumerate(_solve(Z[rest], y[rest], weights[rest], PENALTIES)):
            losses[i] += weights[out] @ (y[out] - b0 - Z[out] @ b) ** 2
    return float(PENALTIES[np.argmin(losses)])


def _solve(
    Z: Floats, y: Floats, weights: Floats, penalties: ArrayLike
) -> list[tuple[float, Floats]]:
    """Return (intercept, slopes) per penalty: the minima of sum w (y - b0 - Zb)^2 + a |b|^2."""
    w = weights / weights.sum()
    mean, y_mean = w @ Z, w @ y
    centered = Z - mean
    values, axes = np.linalg.eigh(centered.T @ (centered * weights[:, None]))
    right = axes.T @ (centered.T @ (weights * (y - y_mean)))
    answers = []
    for penalty in np.asarray(penalties, dtype=np.float64):
        slopes = axes @ (right / (np.maximum(values, 0) + penalty))
        answers.append((float(y_mean - mean @ slopes), slopes))
    return answers
