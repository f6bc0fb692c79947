"""Probes: classifier families with their rule for choosing hyperparameters.

An item is a module with

``predict(X, draws, X_evals, n_classes, **parameters) -> Iterator[Prediction]``
    For every `Draw` of training rows (into the pool ``X``, (N, n_dims)) its `Prediction` on
    each of ``X_evals``, in order. All draws of one (encoder, dataset) come in one call, so
    that a probe may share work among them; an answer never depends on which others came
    along. A draw with a single class gives that class probability 1.
``PARAMETERS``
    Its parameters and their defaults.

An item that trains the encoder itself has texts in the place of vectors:

``predict_texts(spec, pool, draws, evals, n_classes, **parameters) -> Iterator[Prediction]``
    The same of the encoder ``spec``; ``pool`` and each of ``evals`` are `Examples`.
``KINDS``
    The kinds of encoders that it can train.

Where what is chosen is not a single number, ``Prediction.chosen`` is its place in a grid, and the
item says with ``setting(chosen) -> dict`` what it stands for.

Two things work without a registry and are loaded when asked for: `probe_grid`, every subset
under every C in one table, and `LogisticProbe`, a scikit-learn classifier.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {"LogisticProbe": "charz.probes._estimator", "probe_grid": "charz.probes._grid"}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'charz.probes' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
