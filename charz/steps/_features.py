"""Features and estimators by their stored names: shared by characterize, fit and predict."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from charz import shelf
from charz.sample import Sample

_SHELVES = {"feature": "features", "estimator": "estimators"}


def catalogue() -> list[dict[str, Any]]:
    """Return the rows of the feature table: ``name``, ``item`` and ``kind`` of each number."""
    rows = []
    for kind, shelf_name in _SHELVES.items():
        for item, module in shelf.items(shelf_name).items():
            names = stored_names(item, module) if kind == "feature" else (item,)
            rows += [{"name": name, "item": item, "kind": kind} for name in names]
    return rows


def stored_names(item: str, module: Any) -> tuple[str, ...]:
    """Return the names under which a feature's numbers are stored."""
    outputs = getattr(module, "OUTPUTS", None)
    return tuple(f"{item}_{output}" for output in outputs) if outputs else (item,)


def estimators() -> tuple[str, ...]:
    """Return the names of the label-free estimates of accuracy."""
    return shelf.names("estimators")


def compute(sample: Sample, wanted: Collection[str]) -> dict[str, float]:
    """Return the wanted numbers about a sample, NaN where one is not defined.

    >>> compute(Sample([[0.0], [1.0]], [0, 1], [[0.5]]), ["n_train", "n_dims"])
    {'n_dims': 1.0, 'n_train': 2.0}
    """
    values: dict[str, float] = {}
    for item, module in shelf.items("features").items():
        names = stored_names(item, module)
        if any(name in wanted for name in names):
            answer = module.compute(sample)
            numbers = answer if isinstance(answer, dict) else {"": answer}
            values |= {f"{item}_{key}" if key else item: float(v) for key, v in numbers.items()}
    for item, module in shelf.items("estimators").items():
        if item in wanted:
            values[item] = float(module.estimate(sample))
    return {name: value for name, value in values.items() if name in wanted}
