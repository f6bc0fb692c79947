"""What fine-tuning a checkpoint gains over the logistic head, as networks that were tuned tell.

In accuracy, with ``l`` the binary logarithm of the training rows and ``g`` the network's
cross-validated gain over the logistic head, the gain to expect on new rows is

    a + b l                        before a network is tuned,
    c + d l + (e + f l) g          after,

least squares over samples, groups of datasets weighing the same. What else is known of a sample
beforehand told nothing more. Intervals are residuals of groups that were left out, those of like
sizes more often (as `_selector.draws`). Beyond the sizes learned from, the nearest one counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.heads._selector import equal, folds, nearby
from charz.paths import PACKAGE

if TYPE_CHECKING:
    from charz.records import Floats

SHIPPED = PACKAGE / "heads" / "shipped" / "tuned.json"
FORMAT = 1


@dataclass(frozen=True)
class Tuned:
    """What was learned of fine-tuning.

    Attributes
    ----------
    before : array (2,)
    after : array (4,)
        Weights of the two formulas above.
    residuals : array (samples, 2)
        Of both, each sample's group left out.
    sizes, weights : arrays (samples,)
        Training rows, and weights that sum to 1 with groups weighing the same.
    facts : mapping
        What it was learned from.
    """

    before: Floats
    after: Floats
    residuals: Floats
    sizes: Floats
    weights: Floats
    facts: Mapping[str, Any]


def fit(sizes: Floats, seen: Floats, gains: Floats, groups: Any, facts: Mapping[str, Any]) -> Tuned:
    """Learn from samples on which networks were tuned.

    Parameters
    ----------
    sizes : array (samples,)
        Training rows.
    seen, gains : arrays (samples,)
        A network's gain over the logistic head, cross-validated and on eval rows.
    groups : array (samples,)
    facts : mapping

    Examples
    --------
    >>> sizes, seen = np.tile([64.0, 256.0], 20), np.linspace(-0.1, 0.1, 40)
    >>> found = fit(sizes, seen, 0.01 + seen / 2, np.arange(40) // 2, {})
    >>> round(expected(found, 64, 0.04), 3)
    0.03
    """
    weights, fold = equal(groups), folds(groups)
    designs = _designs(sizes, seen, sizes)
    left_out = np.empty((len(gains), 2))
    for each in np.unique(fold):
        kept, others = fold != each, fold == each
        for place, A in enumerate(designs):
            w = _solved(A[kept], gains[kept], weights[kept])
            left_out[others, place] = gains[others] - A[others] @ w
    before, after = (_solved(A, gains, weights) for A in designs)
    return Tuned(before, after, left_out, np.asarray(sizes, np.float64), weights, dict(facts))


def expected(tuned: Tuned, n_train: int, seen: float | None = None) -> float:
    """Return the gain in accuracy to expect; ``seen`` is the cross-validated one, once known."""
    before, after = _designs(np.array([n_train]), np.array([seen or 0.0]), tuned.sizes)
    found = before @ tuned.before if seen is None else after @ tuned.after
    return float(found[0])


def draws(tuned: Tuned, n_train: int, seen: float | None, n_draws: int) -> Floats:
    """Return draws of the gain, (n_draws,)."""
    rng = np.random.default_rng(1)
    (size,) = _within(np.array([n_train]), tuned.sizes)
    places = rng.choice(len(tuned.sizes), n_draws, p=nearby(tuned.sizes, tuned.weights, size))
    found: Floats = expected(tuned, n_train, seen) + tuned.residuals[places, int(seen is not None)]
    return found


def _designs(sizes: Floats, seen: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Return what the two formulas are linear in, (samples, 2) and (samples, 4)."""
    log_n = np.log2(_within(sizes, known))
    before = np.column_stack([np.ones(len(log_n)), log_n])
    return before, np.column_stack([before, seen, seen * log_n])


def _within(sizes: Floats, known: Floats) -> Floats:
    found: Floats = np.clip(sizes, known.min(), known.max()).astype(np.float64)
    return found


def _solved(A: Floats, gains: Floats, weights: Floats) -> Floats:
    root = np.sqrt(weights)
    found: Floats = np.linalg.lstsq(root[:, None] * A, root * gains)[0]
    return found


@cache
def shipped() -> Tuned:
    """Return what comes with the package."""
    return from_json(SHIPPED.read_text(encoding="utf-8"))


_ARRAYS = {"before": 6, "after": 6, "residuals": 4, "sizes": 0, "weights": 8}
"""The arrays, and the digits after the point that are kept."""


def to_json(tuned: Tuned) -> str:
    """Return it as text: a handful of numbers that a reader can check."""
    about = {name: np.round(getattr(tuned, name), digits).tolist()
             for name, digits in _ARRAYS.items()}  # fmt: skip
    return json.dumps({"format": FORMAT, "facts": tuned.facts} | about, sort_keys=True) + "\n"


def from_json(text: str) -> Tuned:
    """Read what `to_json` wrote.

    Raises
    ------
    InputError
        When it is of another format.
    """
    held = json.loads(text)
    if held.get("format") != FORMAT:
        raise InputError("what was learned of fine-tuning has another format", "learn it again")
    arrays = {name: np.array(held[name], dtype=np.float64) for name in _ARRAYS}
    arrays["weights"] /= arrays["weights"].sum()
    return Tuned(**arrays, facts=held["facts"])
