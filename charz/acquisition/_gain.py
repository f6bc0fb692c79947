"""What more labels are expected to gain: a formula fitted to the learning curves of a registry.

The gain from n labels to m is ``h a + h^2 b`` with h = log(m / n), at least 0, where a and b are
linear in what can be known of the labels so far: how unsure the probe is of the pool, its
cross-validated error, their products with log n and with the log of the number of classes; the
error of ridge regression left out, and what it gained, in accuracy and in log-loss, from a quarter
of the labels to half of them. The interval is that of residuals on dataset groups that a fit did
not see, in units of what is expected, by the split-conformal rule over groups. To stop, the rest
must be expected to gain less than a share of what was asked for: an expectation is below the truth
as often as above it. `benchmarks/label_gain.py` makes all of it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.answers import Gain
from charz.paths import PACKAGE

if TYPE_CHECKING:
    from charz.records import Floats

FEATURES = (
    "eval_confidence", "cv_smoothed", "ridge_loo_accuracy", "curve_shape_slope",
    "curve_shape_loss_slope",
)  # fmt: skip
"""What the facts are computed from."""
LEAST = 1.0
"""Points below which errors no longer shrink with what is expected."""


def terms(facts: Mapping[str, Any], n: Any, m: Any) -> Floats:
    """Return what the formula weighs, (n_terms,), or (n_terms, rows) for arrays.

    Parameters
    ----------
    facts : mapping
        As of `facts_of`. Numbers or arrays.
    n, m : int or int array
        Labels now and then.
    """
    doubt, error, left_out, slope, loss_slope = (
        np.asarray(facts[name], dtype=np.float64)
        for name in ("doubt", "error", "left_out", "slope", "loss_slope")
    )
    size, classes = np.log(n), np.log(facts["n_classes"])
    known = np.stack(np.broadcast_arrays(
        1.0, doubt, error, size, classes, doubt * error, doubt * size, error * size,
        doubt * classes, error * classes, left_out, left_out * size, slope, slope * size,
        loss_slope, loss_slope * size,
    ))  # fmt: skip
    h = np.log(np.asarray(m) / n)
    return np.concatenate([known * h, known * h**2])


def scale(value: Any) -> Any:
    """Return the unit of errors at an expected gain: they grow with it, but less than it does."""
    return np.maximum(value, LEAST) ** 0.75


def gain(
    facts: Mapping[str, float], n: int, m: int, model: Mapping[str, Any] | None = None
) -> Gain:
    """Return the gain expected from ``n`` labels to ``m``, in points of accuracy.

    Examples
    --------
    >>> told = dict(zip(FEATURES, (0.6, 0.7, 0.65, 0.05, -0.1)))
    >>> facts = facts_of(told, 4)
    >>> gain(facts, 50, 50).value
    0.0
    >>> gain(facts, 50, 100).value < gain(facts, 50, 200).value
    True
    """
    model = model or shipped()
    if m <= n:
        return Gain(0.0, 0.0, 0.0, model["level"], n, m)
    value = max(float(np.dot(model["weights"], terms(facts, n, m))), 0.0)
    unit = float(scale(value))
    low, high = (value + unit * model[side] for side in ("low", "high"))
    return Gain(value, min(low, value), max(high, value), model["level"], n, m)


@cache
def shipped() -> dict[str, Any]:
    """Return the formula's numbers that charz ships, with where they come from."""
    path = PACKAGE / "acquisition" / "shipped" / "gain.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def is_enough(rest: Gain, points: float, model: Mapping[str, Any] | None = None) -> bool:
    """Return whether labelling the rest is not likely to gain ``points``.

    Examples
    --------
    >>> is_enough(Gain(0.9, 0.0, 2.0, 0.8, 50, 100), 1.0, {"stop_share": 0.6})
    False
    """
    share: float = (model or shipped())["stop_share"]
    return rest.value < share * points


def facts_of(told: Mapping[str, Any], n_classes: Any) -> dict[str, Any]:
    """Return the facts that `FEATURES` come to, numbers or arrays alike.

    Returns
    -------
    dict
        ``doubt``: one less the mean largest probability over the pool; ``error``: one less the
        cross-validated accuracy, smoothed; ``left_out``: that of ridge regression; ``slope`` and
        ``loss_slope``: what it gains of accuracy and of log-loss, in nats, by a doubling;
        ``n_classes``.
    """
    return {
        "doubt": 1 - told["eval_confidence"],
        "error": 1 - told["cv_smoothed"],
        "left_out": 1 - told["ridge_loo_accuracy"],
        "slope": told["curve_shape_slope"],
        "loss_slope": told["curve_shape_loss_slope"],
        "n_classes": n_classes,
    }
