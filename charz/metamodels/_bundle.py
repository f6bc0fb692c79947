"""A fitted metamodel with all that its answers need, as named arrays.

A bundle holds the model, the calibration of its intervals, what it knows of the measured
world (support), the constant it must beat and its provenance. It is stored as one ``.npz``
without pickle, in a registry or inside the package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.metamodels import _conformal, _heldout, _link, _support

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

FORMAT = 1
_PARTS = ("model", "calibration", "known")


@dataclass(frozen=True)
class Bundle:
    """A metamodel ready to answer.

    Attributes
    ----------
    item : str
        Its name on the metamodels shelf.
    metric : str
        What it predicts.
    features : tuple of str
        The columns it learned from.
    fingerprint : str
        SHA-256 of its training rows.
    constant : float
        The group-averaged mean of the metric in training: the least baseline.
    n_rows, n_groups, n_lineages : int
        What it learned from.
    model, calibration, known : dict of arrays
        See the items, `_conformal` and `_support`.
    """

    item: str
    metric: str
    features: tuple[str, ...]
    fingerprint: str
    constant: float
    n_rows: int
    n_groups: int
    n_lineages: int
    model: Arrays
    calibration: Arrays
    known: Arrays

    @property
    def facts(self) -> dict[str, Any]:
        """What it is, without the arrays."""
        return {key: value for key, value in vars(self).items() if key not in _PARTS}


@dataclass(frozen=True)
class Answer:
    """Predictions with their intervals and support, arrays (rows,)."""

    value: Floats
    low: Floats
    high: Floats
    support: Floats


def fit(
    item: str,
    metric: str,
    features: pd.DataFrame,
    target: ArrayLike,
    groups: ArrayLike,
    lineages: ArrayLike,
    held_out: Floats,
    fingerprint: str,
) -> Bundle:
    """Fit a metamodel on all rows and calibrate it on predictions made out of group.

    Parameters
    ----------
    features : frame (rows, columns)
    target, groups, lineages : arrays (rows,)
    held_out : float array (rows,)
        From `_heldout.predictions`.
    """
    y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
    high = 1.0 if _link.choose(y) == "logit" else np.inf
    weights = _link.group_weights(labels)
    sizes = {name: features[name].to_numpy() for name in _conformal.SIZES}
    return Bundle(
        item=item,
        metric=metric,
        features=tuple(str(name) for name in features.columns),
        fingerprint=fingerprint,
        constant=float(np.average(y, weights=weights)),
        n_rows=len(y),
        n_groups=len(np.unique(labels)),
        n_lineages=len(np.unique(np.asarray(lineages))),
        model=shelf.load("metamodels", item).fit(features, y, labels),
        calibration=_conformal.calibrate(held_out, y, labels, sizes, high=high),
        known=_support.fit(features, labels),
    )


def answer(bundle: Bundle, features: pd.DataFrame, level: float) -> Answer:
    """Predict rows of features, with intervals at ``level``.

    Raises
    ------
    InputError
        When the level is not inside (0, 1).
    """
    raw = shelf.load("metamodels", bundle.item).predict(bundle.model, features)
    low_bound, high_bound = bundle.calibration["bounds"]
    value = np.clip(raw, low_bound, high_bound)
    sizes = {name: features[name].to_numpy() for name in _conformal.SIZES}
    low, high = _conformal.interval(bundle.calibration, value, sizes, level)
    return Answer(value, low, high, np.clip(_support.support(bundle.known, features), 0, 1))


def to_arrays(bundle: Bundle) -> Arrays:
    """Return the bundle as named arrays, none of them of objects."""
    facts = json.dumps(bundle.facts | {"format": FORMAT}, sort_keys=True)
    arrays = {"facts": np.array(facts)}
    for part in _PARTS:
        arrays |= {f"{part}/{name}": array for name, array in getattr(bundle, part).items()}
    return arrays


def from_arrays(arrays: Arrays) -> Bundle:
    """Read what `to_arrays` wrote.

    Raises
    ------
    InputError
        When the arrays are of another format.
    """
    facts = json.loads(str(arrays["facts"])) if "facts" in arrays else {}
    if facts.pop("format", None) != FORMAT:
        raise InputError("this metamodel has another format", "fit it again with 'charz fit'")
    parts: dict[str, Any] = {
        part: {
            name.removeprefix(f"{part}/"): array
            for name, array in arrays.items()
            if name.startswith(f"{part}/")
        }
        for part in _PARTS
    }
    facts["features"] = tuple(facts["features"])
    return Bundle(**facts, **parts)


def evaluate(
    item: str,
    features: pd.DataFrame,
    target: ArrayLike,
    groups: ArrayLike,
    lineages: ArrayLike,
) -> Floats:
    """Return predictions made without each row's group and, where possible, its lineage.

    With one lineage alone only groups are held out; with one group the constant of all rows
    stands in, so that the calibration, on one group, promises nothing.
    """
    y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
    if len(np.unique(labels)) < 2:
        return np.full(len(y), y.mean())
    several = len(np.unique(np.asarray(lineages))) > 1
    return _heldout.predictions(item, features, y, labels, lineages if several else None)
