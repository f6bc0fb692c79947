"""Vectors of a user's own texts, kept for the next call that asks for them.

As one chunk each (`charz.chunks`) beside the artifacts of the data home, or of a registry, for a
week: asked again, the encoder is not even loaded. They are found under a hash of the texts, the
specs, the fingerprints of the weights and the version of charz; of a fitted encoder also of the
texts that it learned from. Where there is no room or no right to keep them, they are made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

import charz
from charz import chunks, encoders, paths
from charz.artifacts import ArtifactStore
from charz.errors import ArtifactError
from charz.steps import _encode, _resume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from charz.records import EncoderSpec, Examples

MOST_BYTES = 2**30
"""What is larger is not kept."""
_COST = "cost"


@dataclass(frozen=True)
class Vectors:
    """A float32 array (n_rows, n_dims) per spec, and the tokens and CPU seconds they cost once."""

    arrays: list[NDArray[np.float32]]
    n_tokens: int
    seconds: float


class Encoder:
    """Specs of one checkpoint, loaded when a text is met whose vectors are not kept.

    Parameters
    ----------
    specs : sequence of EncoderSpec
        Of one checkpoint.
    learned : Examples
        What a fitted encoder learns from.
    artifacts : ArtifactStore, optional
        Where vectors are kept; default: those of the data home.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When the encoder cannot be used.
    """

    def __init__(
        self,
        specs: Sequence[EncoderSpec],
        learned: Examples,
        artifacts: ArtifactStore | None = None,
    ) -> None:
        self._specs = specs
        self._learned = learned
        self._artifacts = artifacts or ArtifactStore(str(paths.home() / "artifacts"))
        facts = [encoders.describe(spec) for spec in specs]
        self.is_fitted = any(each.is_fitted for each in facts)
        self._prints = [each.fingerprint for each in facts]

    @cached_property
    def _loaded(self) -> Any:
        return _encode.fitted(self._specs, self._learned)

    def vectors(self, examples: Examples) -> Vectors:
        """Return the vectors of examples: kept ones, or else encoded and kept.

        Raises
        ------
        InputError
            When the encoder gives NaN or infinite values.
        """
        place = chunks.Chunks(self._artifacts, self._key(examples))
        found = place.read(0)
        if found is not None:
            n_tokens, seconds = found.pop(_COST)
            arrays = [found[str(number)] for number in range(len(found))]
            return Vectors(arrays, int(n_tokens), float(seconds))
        resumed = _resume.Resumed(self._loaded, self._specs, self._artifacts, is_vital=False)
        arrays = _encode.vectors(resumed, self._specs, examples)
        made = Vectors(arrays, resumed.n_tokens, resumed.seconds)
        self._keep(place, made)
        resumed.forget()
        return made

    def _keep(self, place: chunks.Chunks, made: Vectors) -> None:
        # One that learns, but is not described as one that does, is not kept: its key is too short.
        is_told = self.is_fitted or not getattr(self._loaded, "is_fitted", False)
        if is_told and sum(X.nbytes for X in made.arrays) <= MOST_BYTES:
            named = {str(number): X for number, X in enumerate(made.arrays)}
            chunks.sweep(self._artifacts)
            with suppress(ArtifactError):
                place.write(0, named | {_COST: np.array([made.n_tokens, made.seconds])})

    def _key(self, examples: Examples) -> str:
        """Return a hash of all that the vectors depend on."""
        parts = (examples, self._learned) if self.is_fitted else (examples,)
        shapes = [[len(part), part.pairs is not None] for part in parts]
        settings = ["vectors", charz.__version__, *map(str, self._specs), *self._prints, *shapes]
        return chunks.key_of(settings, chain.from_iterable(map(_encode.texts_of, parts)))
