"""Signs of risk: what the size of an error may grow with, read from a sample's features.

Sizes; how novel the sample is; how far beyond its size the forecast looks; how the eval rows
differ from the training rows; and how far estimates of accuracy part that err for different
reasons: under shift, confidence, agreement and transport stop saying the same.
`charz.metamodels._conformal` learns how much each of them counts.

Examples
--------
>>> import pandas as pd
>>> frame = pd.DataFrame({"n_train": [64], "n_eval": [500], "domain_auc": [0.9], "cv": [0.8]})
>>> found = signs(frame, [0.25])
>>> float(found["novelty"][0]), round(float(found["domain_auc"][0]), 3)
(0.75, 0.4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _conformal, _design

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

SHIFTS = {
    "domain_auc": 0.5,
    "mmd": 0.0,
    "frechet": 0.0,
    "prior_gap": 0.0,
    "prior_shift_tv": 0.0,
    "knn_shift_share": 0.0,
    "centroid_shift_margin": 0.0,
}
"""Features of shift, and what each is where there is none."""
PARTED = ("cv", "cbpe", "cot", "cott", "knn_shift_accuracy", "rca")
"""Estimates of accuracy whose spread is a sign."""


def signs(features: pd.DataFrame, support: ArrayLike) -> dict[str, Floats]:
    """Return each sign of risk, arrays (rows,), all nonnegative; unknown ones are 0.

    Parameters
    ----------
    features : frame (rows, columns)
        With ``n_train`` and ``n_eval``; ``n_target`` counts as ``n_train`` where absent.
    support : array (rows,)
        As of `charz.metamodels._support`.
    """
    sizes = {name: features[name].to_numpy(dtype=np.float64) for name in _conformal.SIZES}
    target = _design.columns(features, ["n_target"])[:, 0]
    target = np.where(np.isfinite(target), target, sizes["n_train"])
    found = sizes | {
        "novelty": 1 - np.asarray(support, dtype=np.float64),
        "reach": np.log2(np.maximum(target / sizes["n_train"], 1)),
    }
    moved = np.abs(_design.columns(features, list(SHIFTS)) - np.array(list(SHIFTS.values())))
    found |= dict(zip(SHIFTS, np.nan_to_num(moved).T, strict=True))
    return found | {"parting": _spread(_design.columns(features, list(PARTED)))}


def _spread(X: Floats) -> Floats:
    """Return the standard deviation of the known values of each row, 0 of fewer than two."""
    known = np.isfinite(X)
    count = np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, X, 0.0)
    mean = filled.sum(axis=1) / count
    return np.asarray(np.sqrt(np.where(known, (X - mean[:, None]) ** 2, 0.0).sum(axis=1) / count))
