"""One metamodel per setting, mixed by how far the eval rows look shifted: the default.

Same-domain and shifted samples err differently - cross-validation is nearly right of the
first and far too high of the second - so one model of both serves neither. Three stacks are
fitted: on same-domain rows, on shifted rows, and on targets at larger sizes. A gate, extra
trees on all features, says how probable a shift is, p, among rows of which about half are
shifted. Of the samples that people ask about fewer are: with prior odds of `ODDS`,

    value = (1 - q) same + q shift,  q / (1 - q) = ODDS p / (1 - p)

Where the one who asks knows (``_told_shift``), q is what they say, 0 or 1, whatever the gate says.
At a larger size the third stack answers, moved by the same q (shift - same). What a row was
(``_is_shift``) is read in fitting alone; with no shifted row to learn from, q is 0.
Source: a mixture of experts whose assignments are known in training (Jacobs et al. 1991); new
priors after Saerens et al. 2002.

Cost: three stacks and one forest more.

Examples
--------
>>> import pandas as pd
>>> cv = np.linspace(0.5, 0.9, 400)
>>> model = fit(pd.DataFrame({"cv": cv, "n_train": 100}), cv - 0.1, np.arange(400) % 10)
>>> predict(model, pd.DataFrame({"cv": [0.6, 0.88], "n_train": 100})).round(1)
array([0.5, 0.8])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz import shelf
from charz.metamodels import _design, _domain, _link
from charz.metamodels._parts import part

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

EXPERT = "stack"
GATE = "extra_trees"
ODDS = 1 / 8
"""Of a shift, before a sample is looked at. Odds of 1 forecast shifted samples a fifth better, and
those of the same domain up to a tenth worse."""
HEARS_DOMAIN = True
LEAST_ROWS = 40
"""A setting with fewer rows, or a single group, has no expert of its own."""


def fit(
    features: pd.DataFrame, target: ArrayLike, groups: ArrayLike, link: str | None = None
) -> Arrays:
    """Fit an expert per setting and the gate; see the contract in `charz.metamodels`.

    Rows are told apart by the columns ``n_target`` and ``_is_shift``; without them all are
    same-domain rows at their own size.
    """
    y, labels = np.asarray(target, dtype=np.float64), np.asarray(groups)
    link = _link.choose(y, link)
    _design.check_rows(features, y)
    shift, ahead = _column(features, "_is_shift") == 1, _is_ahead(features)
    parts = {"same": ~shift & ~ahead, "shift": shift & ~ahead, "ahead": ~shift & ahead}
    chosen = {name: rows for name, rows in parts.items() if _is_enough(rows, labels)}
    if "same" not in chosen:  # nothing to tell apart: one expert for all
        chosen = {"same": np.ones(len(y), dtype=bool)}
    model = {"format": np.array(2), "parts": np.array(sorted(chosen)), "link": np.array(link)}
    for name, rows in chosen.items():
        expert = shelf.load("metamodels", EXPERT).fit(features[rows], y[rows], labels[rows], link)
        model |= {f"{name}.{key}": array for key, array in expert.items()}
    if "shift" in chosen:
        own = parts["same"] | parts["shift"]
        gate = shelf.load("metamodels", GATE).fit(features[own], shift[own], labels[own], "share")
        model |= {f"gate.{key}": array for key, array in gate.items()}
    return model


def predict(model: Arrays, features: pd.DataFrame) -> Floats:
    """Predict the metric, (rows,), within its range.

    A row's column ``_told_shift`` stands for the gate's share where it is known: 0 for the same
    source as the labelled rows, 1 for another.
    """
    parts = set(model["parts"].tolist())
    answers = {name: _expert(model, name, features) for name in sorted(parts)}
    value = answers["same"]
    if "ahead" in parts:
        value = np.where(_is_ahead(features), answers["ahead"], value)
    if "shift" in parts:
        p = np.clip(_expert(model, "gate", features), 0, 1)
        told = _domain.told(features)
        share = np.where(np.isfinite(told), told, ODDS * p / (ODDS * p + 1 - p))
        value = value + share * (answers["shift"] - answers["same"])
    highest = 1.0 if str(model["link"]) == "share" else np.inf
    return np.clip(value, 0, highest)


def _expert(model: Arrays, name: str, features: pd.DataFrame) -> Floats:
    item = GATE if name == "gate" else EXPERT
    answer: Floats = shelf.load("metamodels", item).predict(part(model, f"{name}."), features)
    return answer


def _column(features: pd.DataFrame, name: str) -> Floats:
    return _design.columns(features, [name])[:, 0]


def _is_ahead(features: pd.DataFrame) -> np.ndarray:
    return _column(features, "n_target") > _column(features, "n_train")


def _is_enough(rows: np.ndarray, groups: np.ndarray) -> bool:
    return bool(rows.sum() >= LEAST_ROWS and len(np.unique(groups[rows])) > 1)
