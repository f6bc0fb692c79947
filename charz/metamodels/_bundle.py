"""A fitted metamodel with all that its answers need, as named arrays.

A bundle holds the model, the calibrations of its intervals, what it knows of the measured
world (support), the constant it must beat and its provenance. It is stored as one ``.npz``
without pickle, in a registry or inside the package.

Answers err less where the metamodel is told whether the eval rows come from another source
(`charz.metamodels._domain`). So there are two calibrations, of held-out answers that guessed
and of held-out answers that were told, the arrays of each under its name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.metamodels import _domain, _heldout, _intervals, _link, _risks, _support
from charz.metamodels._design import HIDDEN
from charz.metamodels._parts import part

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

FORMAT = 3
_PARTS = ("model", "calibration", "known")
_CALIBRATIONS = ("guessed", "told")


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
    n_rows : int
        Training rows.
    groups, lineages : tuples of str
        The dataset groups and encoder lineages that it has seen.
    model, calibration, known : dict of arrays
        See the items, `_intervals` (twice: ``guessed.`` and ``told.``) and `_support`.
    """

    item: str
    metric: str
    features: tuple[str, ...]
    fingerprint: str
    constant: float
    n_rows: int
    groups: tuple[str, ...]
    lineages: tuple[str, ...]
    model: Arrays
    calibration: Arrays
    known: Arrays

    @property
    def n_groups(self) -> int:
        """Number of dataset groups that it has seen."""
        return len(self.groups)

    @property
    def n_lineages(self) -> int:
        """Number of encoder lineages that it has seen."""
        return len(self.lineages)

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


@dataclass(frozen=True)
class Table:
    """What a metamodel learns from: one row per measured sample and target size.

    Attributes
    ----------
    features : frame (rows, columns)
        With ``n_train``, ``n_eval`` and ``n_target``: the size that the target was reached at.
    target, groups, sources, lineages : arrays (rows,)
        The metric; the group judged on; the group trained on; the encoder's lineage.
    fingerprint : str
    keys : frame (rows, names), optional
        What each row is: encoder, datasets, protocol, seeds and sizes.
    metric : str
        What the target is.
    """

    features: pd.DataFrame
    target: Floats
    groups: Any
    sources: Any
    lineages: Any
    fingerprint: str
    keys: Any = None
    metric: str = "accuracy"

    @property
    def settings(self) -> Any:
        """Of each row, ``same``, or ``shift`` where it was trained on another group."""
        return np.where(self.groups == self.sources, "same", "shift")

    @property
    def told(self) -> pd.DataFrame:
        """The features as of one who says of every row whether it is a shift."""
        return _domain.tell(self.features, self.settings == "shift")

    @property
    def at_own_size(self) -> Any:
        """Whether each row's target was reached at the sample's own size."""
        return (self.features["n_target"] == self.features["n_train"]).to_numpy()


def fit(item: str, metric: str, table: Table) -> tuple[Bundle, list[dict[str, Any]]]:
    """Fit a metamodel on all rows, calibrate it out of group, and judge it.

    Returns
    -------
    Bundle
    list of dict
        The held-out report at the samples' own sizes (`_heldout.report`), empty when there is
        one group only.
    """
    known = _support.fit(table.features, table.groups)
    held_out = _held_out(item, table)
    risks = _risks.signs(table.features, _support.held_out(known, table.features, table.groups))
    weights = _link.group_weights(table.groups)
    bundle = Bundle(
        item=item,
        metric=metric,
        features=tuple(name for name in map(str, table.features.columns) if name[0] != HIDDEN),
        fingerprint=table.fingerprint,
        constant=float(np.average(table.target, weights=weights)),
        n_rows=len(table.target),
        groups=tuple(sorted({*table.groups.tolist(), *table.sources.tolist()})),
        lineages=tuple(sorted(set(table.lineages.tolist()))),
        model=shelf.load("metamodels", item).fit(table.features, table.target, table.groups),
        calibration=_calibrated(table, held_out, risks),
        known=known,
    )
    return bundle, _report(item, table, held_out, risks) if bundle.n_groups > 1 else []


def _held_out(item: str, table: Table) -> Floats:
    """Return predictions made without each row's group and, where possible, its lineage.

    Those that guess what a row is and those that are told, (2, rows). With one lineage alone
    only groups are held out; with one group the mean of all rows stands in: its calibration,
    on one group, promises nothing.
    """
    if len(np.unique(table.groups)) < 2:
        return np.full((2, len(table.target)), np.mean(table.target))
    lineages = table.lineages if len(np.unique(table.lineages)) > 1 else None
    blocks = _heldout.blocks(table.groups, lineages, table.sources)
    asked = [table.features, table.told]
    return blocks.several(item, table.features, table.target, table.groups, asked)


def _calibrated(table: Table, held_out: Floats, risks: dict[str, Any]) -> Arrays:
    """Return the two calibrations, each under its name."""
    high = 1.0 if _link.choose(table.target) == "share" else np.inf
    shift = table.settings == "shift"
    found: Arrays = {}
    for name, answers in zip(_CALIBRATIONS, held_out, strict=True):
        own = _intervals.fit(answers, table.target, table.groups, risks, shift, high)
        found |= {f"{name}.{key}": array for key, array in own.items()}
    return found


def _report(
    item: str, table: Table, held_out: Floats, risks: dict[str, Any]
) -> list[dict[str, Any]]:
    own = table.at_own_size
    return _heldout.report(
        item,
        table.features[own],
        table.target[own],
        table.groups[own],
        table.lineages[own] if len(np.unique(table.lineages)) > 1 else None,
        predicted=held_out[0][own],
        told=held_out[1][own] if _domain.is_heard(item) else None,
        risks={name: column[own] for name, column in risks.items()},
        settings=table.settings[own],
        metric=table.metric,
    )


def answer(bundle: Bundle, features: pd.DataFrame, level: float) -> Answer:
    """Predict rows of features, with intervals at ``level``.

    Where a row says what it is (`_domain.TOLD`), its interval is that of answers that were told.

    Raises
    ------
    InputError
        When the level is not inside (0, 1).
    """
    raw = shelf.load("metamodels", bundle.item).predict(bundle.model, features)
    guessed, told = (part(bundle.calibration, f"{name}.") for name in _CALIBRATIONS)
    value = np.clip(raw, *guessed["bounds"])
    support = np.clip(_support.support(bundle.known, features), 0, 1)
    risks = _risks.signs(features, support)
    shift = _domain.told(features)
    ends = zip(
        _intervals.interval(guessed, value, risks, level),
        _intervals.interval(told, value, risks, level, shift),
        strict=True,
    )
    low, high = (np.where(np.isfinite(shift), known, other) for other, known in ends)
    return Answer(value, low, high, support)


def to_arrays(bundle: Bundle) -> Arrays:
    """Return the bundle as named arrays, none of them of objects."""
    facts = json.dumps(bundle.facts | {"format": FORMAT}, sort_keys=True)
    arrays = {"facts": np.array(facts)}
    for each in _PARTS:
        arrays |= {f"{each}/{name}": array for name, array in getattr(bundle, each).items()}
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
    parts: dict[str, Any] = {name: part(arrays, f"{name}/") for name in _PARTS}
    facts |= {name: tuple(facts[name]) for name in ("features", "groups", "lineages")}
    return Bundle(**facts, **parts)
