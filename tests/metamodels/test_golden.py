"""A model stored as text long ago must answer today as it did then, bit for bit.

The file was written by `write` below, once; a later scikit-learn may change what is exported,
never how a stored model reads. Write it anew only with a new ``format`` number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from charz.metamodels import _design, _link, _trees, boosting

GOLDEN = Path(__file__).parent / "golden" / "boosting.json"


def asked() -> pd.DataFrame:
    """Rows made by arithmetic alone, with missing and extreme values."""
    i = np.arange(60)
    cv = 0.4 + (i * 7 % 60) / 110
    frame = pd.DataFrame({"cv": cv, "n_train": 8.0 * 2 ** (i % 6), "margin": (i * 13 % 17) - 8.0})
    frame.loc[i % 9 == 0, "margin"] = np.nan
    frame.loc[i % 11 == 0, "cv"] = np.nan
    return frame


def write() -> None:
    """Fit a small model and store its arrays and answers."""
    frame = asked()
    target = np.clip(frame["cv"].fillna(0.6) + frame["margin"].fillna(0) / 100, 0, 1).to_numpy()
    weights = _link.group_weights(np.arange(60) % 6)
    design = _design.fit(frame, target, weights, "share")
    settings = boosting.SETTINGS | {"max_iter": 6, "min_samples_leaf": 4}
    residual = _link.to_scale("share", target) - _design.base(design, frame)
    trees = HistGradientBoostingRegressor(**settings).fit(_design.matrix(design, frame), residual)
    model = {"format": np.array(2), **design, **_trees.from_boosting(trees)}
    stored: dict[str, Any] = {
        name: {"dtype": array.dtype.str, "values": array.tolist()} for name, array in model.items()
    }
    answers = boosting.predict(model, frame).tolist()
    GOLDEN.write_text(json.dumps({"model": stored, "answers": answers}, indent=0) + "\n")


def test_a_stored_model_answers_as_it_did() -> None:
    golden = json.loads(GOLDEN.read_text())
    model = {
        name: np.array(entry["values"], dtype=entry["dtype"])
        for name, entry in golden["model"].items()
    }
    answers = boosting.predict(model, asked())
    # exp may differ in its last bit between platforms, the trees' sums may not.
    np.testing.assert_allclose(answers, golden["answers"], rtol=1e-14)
    assert len(set(golden["answers"])) > 30
