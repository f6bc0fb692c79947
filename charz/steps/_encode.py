"""From examples to vectors under loaded encoders: shared by embed and by what reads files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charz import shelf
from charz.encoders import _pairs
from charz.errors import InputError
from charz.records import EncoderSpec, Examples


def load(specs: Sequence[EncoderSpec]) -> Any:
    """Load the one checkpoint that ``specs`` share."""
    return shelf.load("encoders", specs[0].kind).load(list(specs))


def fitted(specs: Sequence[EncoderSpec], train: Examples) -> Any:
    """Load the one checkpoint that ``specs`` share; what learns from texts has learned from these.

    Which kinds do says the loaded encoder's ``is_fitted``.
    """
    loaded = load(specs)
    if getattr(loaded, "is_fitted", False):
        loaded.fit(texts_of(train))
    return loaded


def texts_of(examples: Examples) -> list[str]:
    """Return the first texts, then the second ones of pairs."""
    return [*examples.texts, *(examples.pairs or ())]


def vectors(
    loaded: Any, specs: Sequence[EncoderSpec], examples: Examples
) -> list[NDArray[np.float32]]:
    """Encode every distinct text once and return rows aligned with the examples.

    Returns
    -------
    list of float32 arrays (len(examples), n_dims)
        One per spec; pairs are combined as the spec's ``pair`` says.

    Raises
    ------
    InputError
        When an encoder gives NaN or infinite values.
    """
    texts = list(dict.fromkeys(texts_of(examples)))
    index = {text: row for row, text in enumerate(texts)}
    arrays = loaded.encode(texts)
    with np.errstate(over="ignore", invalid="ignore"):  # of pairs; checked below
        aligned = [
            _aligned(array, examples, index, spec)
            for spec, array in zip(specs, arrays, strict=True)
        ]
    for spec, array in zip(specs, aligned, strict=True):
        if not np.isfinite(array).all():
            raise InputError(f"'{spec}' gives NaN or infinite values", "check its weights")
    return aligned


def _aligned(
    array: NDArray[np.float32], examples: Examples, index: dict[str, int], spec: EncoderSpec
) -> NDArray[np.float32]:
    first = array[[index[text] for text in examples.texts]]
    if examples.pairs is None:
        return first
    second = array[[index[text] for text in examples.pairs]]
    return _pairs.combine(first, second, spec.settings.get("pair", "product"))
