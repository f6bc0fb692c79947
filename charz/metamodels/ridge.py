"""Ridge regression of what cross-validation misses, on the learned scale.

``link(metric) = link(CV) + b0 + b . z`` with z the standardised columns of
`charz.metamodels._design`: medians stand in for missing values, a 0/1 indicator marks
them, and z is clipped to [-4, 4] so that an odd sample cannot run away with a slope. The
penalty is the one of 13 with the least group-held-out squared error. Groups count the same.

Source: Hoerl and Kennard 1970. Cost: one eigendecomposition (columns^3) per fold.

Examples
--------
>>> import numpy as np, pandas as pd
>>> rng = np.random.default_rng(0)
>>> frame = pd.DataFrame({"cv": rng.uniform(0.5, 0.9, 200), "bias": rng.normal(size=200)})
>>> truth = 1 / (1 + np.exp(-(np.log(frame.cv / (1 - frame.cv)) - 0.3 * frame.bias)))
>>> model = fit(frame, truth, np.arange(200) % 10)
>>> bool(np.abs(predict(model, frame) - truth).max() < 0.01)
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

PENALTIES = np.logspace(-2, 4, 13)
FOLDS = 5
CLIP = 4.0


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit on a frame of features; see the contract in `charz.metamodels`.

    Parameters
    ----------
    link : {"logit", "log"}, optional
        The scale to learn on; default: by the target's range.
    """
    y = np.asarray(target, dtype=np.float64)
    link = _link.choose(y, link)
    weights = _link.group_weights(groups)
    design = _design.fit(features, y, weights, link)
    X = _design.matrix(design, features)
    scaling = _scaling(X)
    Z = _standardised(scaling, X)
    residual = _link.to_scale(link, y) - _design.base(design, features)
    penalty = _penalty(Z, residual, weights, _link.fold_of(groups, FOLDS))
    intercept, slopes = _solve(Z, residual, weights, [penalty])[0]
    fitted = {"intercept": np.array(intercept), "slopes": slopes, "penalty": np.array(penalty)}
    return {"format": np.array(1), **design, **scaling, **fitted}


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range."""
    Z = _standardised(model, _design.matrix(model, features))
    scaled = _design.base(model, features) + float(model["intercept"]) + Z @ model["slopes"]
    return _link.from_scale(str(model["link"]), scaled)


def _scaling(X: Floats) -> Arrays:
    """Return medians, spreads and which columns miss values, of the training rows."""
    centre = np.nanmedian(X, axis=0)
    spread = np.nanstd(X, axis=0)
    missing = np.asarray(np.isnan(X).any(axis=0))
    return {"centre": centre, "spread": np.where(spread > 1e-12, spread, 1.0), "missing": missing}


def _standardised(scaling: Arrays, X: Floats) -> Floats:
    gone = np.isnan(X)
    Z = np.where(gone, 0.0, (X - scaling["centre"]) / scaling["spread"])
    return np.hstack([np.clip(Z, -CLIP, CLIP), gone[:, scaling["missing"]]])


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
