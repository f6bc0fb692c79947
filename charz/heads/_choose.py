"""From measured heads to a choice: expected accuracies, intervals, who is best, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.heads import HEADS, LINEAR, _selector, _tuned
from charz.heads._measured import Measured
from charz.heads._selector import Selector
from charz.heads._signs import Facts, signs
from charz.paths import PACKAGE

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Floats, Ints

SHIPPED = PACKAGE / "heads" / "shipped" / "selector.npz"
N_DRAWS = 4000
TUNED = "fine_tune"
WORTH = 0.005
"""Accuracy that a head beyond linear must be expected to gain, so that it is said to pay."""

COLUMNS = (
    "head", "value", "low", "high", "p_best", "gain", "gain_low", "gain_high", "cv_accuracy",
    "measured", "seconds", "setting", "is_linear", "basis",
)  # fmt: skip
"""Of each head: its expected accuracy with an interval, the probability of being the best, what it
gains over ``logistic`` with an interval, its cross-validated accuracy, that on labelled eval rows,
CPU seconds, what was chosen, whether hyperplanes part its classes, and what it was judged by."""


@dataclass(frozen=True)
class Choice:
    """Which head to take.

    Attributes
    ----------
    heads : DataFrame
        One row per head, see `COLUMNS`; the highest value first.
    recommended : str
    baselines : dict of dict
        ``always logistic`` and ``cv-pick``, the head of the best cross-validated accuracy: its
        ``head``, ``value`` and ``loss``, what it is expected to lose to the head recommended.
    beyond_linear : dict
        ``pays``, whether the best head that is not linear is expected to gain half a point over
        the best that is; ``head``, ``linear``, ``gain``, ``low``, ``high`` and the
        ``probability`` of a gain.
    fine_tuning : dict or None
        Of a checkpoint that was not tuned, what tuning it is expected to gain over ``logistic``:
        ``gain``, ``low``, ``high``, the ``probability`` of half a point, and the number of
        ``encodings`` of such texts that take as long.
    notes : tuple of str
    provenance : dict
    """

    heads: pd.DataFrame
    recommended: str
    baselines: dict[str, dict[str, Any]]
    beyond_linear: dict[str, Any]
    fine_tuning: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


@cache
def shipped() -> Selector:
    """Return the selector that comes with the package."""
    return _selector.from_bytes(SHIPPED.read_bytes())


def choose(
    found: Mapping[str, Measured],
    y: Ints,
    n_dims: int,
    level: float = 0.9,
    y_eval: Ints | None = None,
    selector: Selector | None = None,
) -> Choice:
    """Return the choice among measured heads.

    Parameters
    ----------
    found : mapping
        All of `HEADS`, and perhaps ``fine_tune``.
    y : int array (n,)
        Codes of the training rows.
    n_dims : int
    level : float in (0, 1)
    y_eval : int array (n_eval,), optional
        Codes of the eval rows that the heads answered for.
    selector : Selector, optional
        Default: the one that ships.
    """
    selector = selector or shipped()
    seen, n = _signs(found, y, n_dims), np.array([float(len(y))])
    middle = _selector.expected(selector, seen, n)[0]
    names, draws = list(HEADS), _selector.draws(selector, seen, n, N_DRAWS)[0]
    if TUNED in found:
        names, middle, draws = [*HEADS, TUNED], *_with_tuned(found, middle, draws)
    rows = _rows(names, middle, draws, level)
    for row in rows:
        row |= _known(row["head"], found[row["head"]], y_eval)
    frame = _frame(rows)
    best = str(frame["head"].iloc[0])
    at = {name: place for place, name in enumerate(names)}
    return Choice(
        heads=frame,
        recommended=best,
        baselines=_baselines(found, at, middle, best),
        beyond_linear=_beyond(frame, at, draws, level),
        provenance={"selector": selector.facts, "level": level, "n_train": len(y)},
    )


def _signs(found: Mapping[str, Measured], y: Ints, n_dims: int) -> dict[str, Floats]:
    counts = np.bincount(y)
    known = (len(y), (counts > 0).sum(), n_dims, counts.max() / len(y))
    cv = {name: np.array([found[name].cv_accuracy]) for name in HEADS}
    loss = {name: np.array([found[name].cv_log_loss]) for name in HEADS}
    facts = Facts(*(np.array([float(each)]) for each in known))
    return signs(facts, cv, loss, np.array([found["logistic"].chosen]))


def _with_tuned(
    found: Mapping[str, Measured], middle: Floats, draws: Floats
) -> tuple[Floats, Floats]:
    """Add a fine-tuned network: the logistic head's accuracy and what `_tuned` expects beyond."""
    learned, n = _tuned.shipped(), len(found[TUNED].is_right)
    seen = found[TUNED].cv_accuracy - found["logistic"].cv_accuracy
    value = np.clip(middle[0] + _tuned.expected(learned, n, seen), 0.0, 1.0)
    drawn = draws[:, 0] + _tuned.draws(learned, n, seen, len(draws))
    return np.append(middle, value), np.column_stack([draws, np.clip(drawn, 0, 1)])


def tuning(n_train: int, level: float = 0.9) -> dict[str, Any]:
    """Return what fine-tuning is expected to gain over the logistic head, before it is tried.

    ``gain``, ``low``, ``high``, and the ``probability`` of a gain of `WORTH`.

    >>> found = tuning(256)
    >>> found["low"] < 0 < found["gain"] < found["high"]
    True
    """
    learned = _tuned.shipped()
    gain, drawn = _tuned.expected(learned, n_train), _tuned.draws(learned, n_train, None, N_DRAWS)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    worth = float((drawn >= WORTH).mean())
    return {"gain": gain, "low": float(low), "high": float(high), "probability": worth}


def _rows(names: list[str], middle: Floats, draws: Floats, level: float) -> list[dict[str, Any]]:
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(draws, ends, axis=0)
    gain_low, gain_high = np.quantile(draws - draws[:, :1], ends, axis=0)
    first = np.bincount(draws.argmax(axis=1), minlength=len(names)) / len(draws)
    return [
        {
            "head": name,
            "value": float(middle[h]),
            # What is expected lies inside what is drawn, but for residuals that lean to one side.
            "low": float(min(low[h], middle[h])),
            "high": float(max(high[h], middle[h])),
            "p_best": float(first[h]),
            "gain": float(middle[h] - middle[0]),
            "gain_low": float(min(gain_low[h], middle[h] - middle[0])),
            "gain_high": float(max(gain_high[h], middle[h] - middle[0])),
        }
        for h, name in enumerate(names)
    ]


def _known(name: str, own: Measured, y_eval: Ints | None) -> dict[str, Any]:
    measured = None
    if y_eval is not None and own.answers is not None:
        measured = float((own.answers == y_eval).mean())
    return {
        "cv_accuracy": None if np.isnan(own.cv_accuracy) else own.cv_accuracy,
        "measured": measured,
        "seconds": own.seconds,
        "setting": own.setting,
        "is_linear": name in LINEAR or own.setting.get("kernel") == "linear",
        "basis": "tuned networks" if name == TUNED else "selector",
    }


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    order = sorted(rows, key=lambda row: -row["value"])
    frame = pd.DataFrame(order, columns=list(COLUMNS))
    for name in ("cv_accuracy", "measured"):
        frame[name] = frame[name].astype(float)
    return frame


def _baselines(
    found: Mapping[str, Measured], at: Mapping[str, int], middle: Floats, best: str
) -> dict[str, dict[str, Any]]:
    judged = [name for name in at if not np.isnan(found[name].cv_accuracy)]
    picked = max(judged, key=lambda name: found[name].cv_accuracy)
    return {
        label: {
            "head": name,
            "value": float(middle[at[name]]),
            "loss": float(middle[at[best]] - middle[at[name]]),
        }
        for label, name in (("always logistic", "logistic"), ("cv-pick", picked))
    }


def _beyond(
    frame: pd.DataFrame, at: Mapping[str, int], draws: Floats, level: float
) -> dict[str, Any]:
    """Compare the best head that is not linear with the best that is."""
    linear = frame[frame["is_linear"]].iloc[0]
    other = frame[~frame["is_linear"]].iloc[0]
    gains = draws[:, at[other["head"]]] - draws[:, at[linear["head"]]]
    low, high = np.quantile(gains, [(1 - level) / 2, (1 + level) / 2])
    gain = float(other["value"] - linear["value"])
    return {
        "pays": gain >= WORTH,
        "head": other["head"],
        "linear": linear["head"],
        "gain": gain,
        "low": float(min(low, gain)),
        "high": float(max(high, gain)),
        "probability": float((gains > 0).mean()),
    }
