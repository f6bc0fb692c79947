"""charz: measure text encoders once, predict how they will do on new tasks.

>>> import charz
>>> charz.predict_performance(X_train, y_train, X_eval)  # doctest: +SKIP

The public names are loaded when first used, so importing charz costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "predict_performance": "charz.steps.predict",
    "learning_curve": "charz.steps.curve",
    "compare_probes": "charz.steps.compare",
    "suggest": "charz.steps.label",
    "coverage": "charz.steps.coverage",
    "similar_tasks": "charz.steps.similar",
    "recommend": "charz.steps.recommend",
    "recommend_from_scores": "charz.completion._recommend",
    "choose_head": "charz.steps.head",
    "probe_grid": "charz.probes._grid",
    "open": "charz.store",
    "EncoderSpec": "charz.records",
    "LearningCurve": "charz.answers",
    "Comparison": "charz.answers",
    "Coverage": "charz.answers",
    "Forecast": "charz.answers",
    "Advice": "charz.answers",
    "Sample": "charz.sample",
    "CharzError": "charz.errors",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'charz' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
