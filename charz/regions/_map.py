"""The map from coverage to the accuracy of a region, as it was learned on a registry.

Formula: with z the columns of an eval row (`_seen.columns`), standardised and held within 4, the
probe answers it rightly with probability p = 1 / (1 + exp(-b . z - b0)). A region's expected
accuracy is the mean of p over its eval rows. Its interval is the part within [0, 1] of

    mean p +- q sqrt(m (1 - m) / n + s^2),    m = mean p held within [0.02, 0.98],

n the region's eval rows, s^2 = max(c . r, 1e-4) what the map itself is off by, r = (1, distance of
the domain AUC from a half, 1 / ln(n_train + 2), m (1 - m), share of rows not covered), and q the
quantile of the errors over this root among groups of datasets that the map had not seen, each group
weighing the same, one more group at infinity.
Source: logistic regression; normalised conformal prediction: Papadopoulos et al. 2008; with groups:
Lee, Barber and Willett, arXiv 2306.06342.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError, RegistryError
from charz.paths import PACKAGE
from charz.regions._seen import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from charz.records import Floats, Ints
    from charz.regions._seen import Seen

SHIPPED = PACKAGE / "regions" / "shipped" / "accuracy.json"
HELD = 4.0
FORMAT = 1


@dataclass(frozen=True)
class Map:
    """A learned map; ``columns`` are those of `_seen.COLUMNS` that it knows.

    ``scores`` are errors over their expected size, sorted, and ``weights`` what each weighs, the
    group at infinity left out: they sum to G / (G + 1).
    """

    columns: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    risk: tuple[float, ...]
    scores: tuple[float, ...]
    weights: tuple[float, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def probabilities(given: Map, rows: Floats) -> Floats:
    """Return the probability that the probe is right, (n,), of rows (n, len(COLUMNS))."""
    some = rows[:, [COLUMNS.index(name) for name in given.columns]]
    z = np.clip((some - np.array(given.center)) / np.array(given.scale), -HELD, HELD)
    odds = np.clip(z @ np.array(given.coefficients) + given.intercept, -30, 30)
    found: Floats = 1 / (1 + np.exp(-odds))
    return found


def means(values: Floats, regions: Ints, n_regions: int) -> Floats:
    """Return the mean of each region, NaN where it has no row.

    >>> means(np.array([0.5, 1.0, 0.0]), np.array([0, 0, 2]), 3).tolist()
    [0.75, nan, 0.0]
    """
    counts = np.bincount(regions, minlength=n_regions).astype(float)
    sums = np.bincount(regions, weights=values, minlength=n_regions)
    empty = np.full(n_regions, np.nan)
    found: Floats = np.divide(sums, counts, out=empty, where=counts > 0)
    return found


def risks(expected: Floats, seen: Seen) -> Floats:
    """Return r of every region, (n_regions, 5)."""
    m = np.clip(expected, 0.02, 0.98)
    ones = np.ones(len(m))
    shift = ones * abs(seen.domain_auc - 0.5)
    bare = means(1.0 - seen.covered, seen.eval_region, seen.n_regions)
    few = ones / np.log(len(seen.right) + 2)
    return np.column_stack([ones, shift, few, m * (1 - m), bare])


def size(risk: Floats, expected: Floats, n_eval: Floats, r: Floats) -> Floats:
    """Return how large the error of each region's expected accuracy is to be expected."""
    m = np.clip(expected, 0.02, 0.98)
    own = np.maximum(r @ risk, 1e-4)
    found: Floats = np.sqrt(m * (1 - m) / np.maximum(n_eval, 1) + own)
    return found


def interval(given: Map, seen: Seen, expected: Floats, level: float) -> Floats:
    """Return low and high of every region, (n_regions, 2)."""
    n_eval = np.bincount(seen.eval_region, minlength=seen.n_regions).astype(float)
    reach = quantile(given, level) * size(
        np.array(given.risk), expected, n_eval, risks(expected, seen)
    )
    return np.column_stack([np.maximum(expected - reach, 0), np.minimum(expected + reach, 1)])


def quantile(given: Map, level: float) -> float:
    """Return q, infinite where there are too few groups to promise the level."""
    reached = np.cumsum(given.weights)
    place = int(np.searchsorted(reached, level - 1e-12))
    return float(given.scores[place]) if place < len(reached) else float("inf")


@cache
def shipped() -> Map:
    """Return the map that comes with the package.

    Raises
    ------
    RegistryError
        When there is none.
    """
    if not SHIPPED.is_file():
        raise RegistryError(
            "charz ships no map of coverage",
            "learn one with 'python benchmarks/domain_coverage.py'",
        )
    return from_text(SHIPPED.read_text(encoding="utf-8"))


def write(given: Map, path: Path) -> None:
    """Write a map as JSON, numbers to six digits."""
    rounded = {name: _rounded(value) for name, value in asdict(given).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": FORMAT, **rounded}, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return [_rounded(each) for each in value] if isinstance(value, tuple) else value


def from_text(text: str) -> Map:
    """Read a map.

    Raises
    ------
    InputError
        When the text is no map of this version.
    """
    try:
        told = json.loads(text)
        if told.pop("format") != FORMAT or not set(told["columns"]) <= set(COLUMNS):
            raise ValueError
        lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
        return Map(**{**told, **lists})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("this is no map of coverage", "learn it again") from error
