"""What the prior knows of a sample: its features on one scale, gaps filled.

A feature that is a share of something enters as log-odds, every other one cut at its rarest
half percent; all are then standardised and cut at `FAR`.
What is not defined for a sample counts as its score by
cross-validation where it is a score as well, else as the usual value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

GROWING = (
    "curve_shape_half", "curve_shape_slope", "cv", "cv_macro_f1", "cv_smoothed", "majority_share",
    "n_classes", "ridge_loo_accuracy",
)  # fmt: skip
"""What growth is linear in; few, because few groups of datasets have been followed far."""
ALONE = (
    *GROWING,
    "anisotropy", "balance", "centroid_loo", "class_spacing_cosine_std", "class_spacing_mean",
    "class_spacing_nearest", "curve_shape_ahead", "curve_shape_loss_ahead",
    "curve_shape_loss_half", "curve_shape_loss_slope", "cv_ahead", "cv_calibration_ece",
    "cv_calibration_excess", "cv_close", "cv_deals_log_loss", "cv_deals_spread", "cv_log_loss",
    "cv_margin", "cv_repeated", "cv_spread_accuracy", "cv_spread_log_loss", "cv_strength",
    "effective_rank", "fisher_ratio", "gbc", "h_score_plain", "h_score_shrunk",
    "intrinsic_dim_train", "knn_loo_k1", "knn_loo_k5", "label_alignment", "logme", "mdl_bits",
    "mdl_compression", "minority_share", "n_dims", "nleep", "parc", "participation_ratio_train",
    "ridge_loo_brier", "sfda", "silhouette", "spectrum_decay", "tmi", "transrate",
)  # fmt: skip
"""What can be said of a sample without any eval row."""
SCORES = (
    "centroid_loo", "curve_shape_ahead", "curve_shape_half", "cv_ahead", "cv_macro_f1",
    "cv_repeated", "cv_smoothed", "knn_loo_k1", "knn_loo_k5", "ridge_loo_accuracy",
)  # fmt: skip
"""Features that cross-validation stands in for."""
FAR = 2.5
"""Standardised inputs end here, so that no odd sample is carried far out."""
LEAST = 64
"""Log-odds are taken as of this many rows at least: half a row from 0 and 1."""


def log_odds(share: ArrayLike, n: ArrayLike) -> Floats:
    """Return the log-odds of shares of n rows, half a row from 0 and 1 at the least.

    >>> log_odds([0.5, 1.0], [10, 10]).round(2)
    array([0.  , 2.94])
    """
    least = 0.5 / np.maximum(np.asarray(n, dtype=np.float64), 1)
    inside = np.clip(np.asarray(share, dtype=np.float64), least, 1 - least)
    return np.asarray(np.log(inside / (1 - inside)))


def fit(n: Floats, inputs: Mapping[str, Floats]) -> Arrays:
    """Learn the scale of every input that is ever defined; the arrays that `matrix` reads."""
    known = [name for name in sorted(inputs) if np.isfinite(inputs[name]).any()]
    columns = [np.where(np.isfinite(inputs[name]), inputs[name], np.nan) for name in known]
    low = np.array([np.nanpercentile(column, 0.5) for column in columns])
    high = np.array([np.nanpercentile(column, 99.5) for column in columns])
    share = np.array([np.nanmin(x) >= 0 and np.nanmax(x) <= 1 for x in columns])
    arrays = {"names": np.array(known, dtype=np.str_), "low": low, "high": high, "share": share}
    raw = _raw(arrays, n, inputs)
    usual = np.nanmedian(raw, axis=0)
    filled = np.where(np.isfinite(raw), raw, usual)
    scale = filled.std(axis=0)
    return arrays | {
        "usual": usual,
        "centre": filled.mean(axis=0),
        "scale": np.where(scale > 1e-9, scale, 1.0),
    }


def matrix(arrays: Arrays, n: Floats, inputs: Mapping[str, Floats]) -> Floats:
    """Return the standardised inputs, (rows, names), without gaps."""
    raw = _raw(arrays, n, inputs)
    filled = np.where(np.isfinite(raw), raw, arrays["usual"])
    return np.asarray(np.clip((filled - arrays["centre"]) / arrays["scale"], -FAR, FAR))


def _raw(arrays: Arrays, n: Floats, inputs: Mapping[str, Floats]) -> Floats:
    """Return log-odds of shares and bounded values of all else, NaN where there is none."""
    rows, columns = np.maximum(n, LEAST), []
    stand_in = np.asarray(inputs["cv"], dtype=np.float64)
    sides = (arrays["names"], arrays["share"], arrays["low"], arrays["high"])
    for name, is_share, low, high in zip(*sides, strict=True):
        x = np.asarray(inputs[str(name)], dtype=np.float64)
        if name in SCORES:
            x = np.where(np.isfinite(x), x, stand_in)
        columns.append(log_odds(x, rows) if is_share else np.clip(x, low, high))
    return np.column_stack(columns)
