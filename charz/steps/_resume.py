"""Encoding in chunks, so that a stopped run is taken up where it was.

Texts are sorted by length and cut into chunks of about equal work; each chunk is kept once
it is encoded. Where the cuts fall depends on the texts alone, so the numbers are the same
to the last bit whether or not a run was stopped. An encoder takes part by offering
``state()``; what is one chunk, or encoded by any other kind, is encoded as a whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import charz
from charz.artifacts import ArtifactStore
from charz.chunks import Chunks, key_of
from charz.errors import ArtifactError
from charz.records import EncoderSpec
from charz.steps import _tally

WORK = 2**18
"""Characters of a chunk, about 60,000 tokens of English: some ten seconds of MiniLM-L6 on two
cores."""

_LEAST, _MOST = 16, 2048
"""What a text counts for at least and at most: none is without work, and encoders cut off
long ones."""

_COST = "cost"
_Arrays = list[NDArray[np.float32]]


def cut(texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Return the rows of each chunk, longest texts first.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts.

    Returns
    -------
    list of int64 arrays
        Every row once; one chunk for each `WORK` characters begun.

    Examples
    --------
    >>> [len(rows) for rows in cut(["x" * 1024] * 600)]
    [200, 200, 200]
    """
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    done = np.cumsum(np.clip(lengths[order], _LEAST, _MOST))
    total = int(done[-1]) if len(done) else 0
    n_chunks = max(1, math.ceil(total / WORK))
    starts = [total * place / n_chunks for place in range(1, n_chunks)]
    edges = np.searchsorted(done, starts, side="right")
    return [rows for rows in np.split(order, edges) if len(rows)] if total else []


@dataclass
class _Part:
    """Arrays of some texts and what they cost, by whatever run they were made."""

    arrays: _Arrays
    n_tokens: int
    seconds: float


class Resumed:
    """A loaded encoder that takes up what an earlier run had encoded.

    Parameters
    ----------
    loaded : Loaded
        The encoder, see `charz.encoders`.
    specs : sequence of EncoderSpec
        What it was loaded for.
    artifacts : ArtifactStore
        Where chunks are kept.
    size : float
        How much of its unit the coming work is; told bit by bit as it gets done.
    is_vital : bool
        Whether to fail where a chunk cannot be kept, or to go on without.

    Attributes
    ----------
    n_tokens : int
        Tokens behind the vectors, by whatever run.
    seconds : float
        CPU seconds of that.
    """

    def __init__(
        self,
        loaded: Any,
        specs: Sequence[EncoderSpec],
        artifacts: ArtifactStore,
        size: float = 1,
        *,
        is_vital: bool = True,
    ) -> None:
        self.n_tokens = 0
        self.seconds = 0.0
        self._loaded = loaded
        self._specs = specs
        self._artifacts = artifacts
        self._size = size
        self._lost = () if is_vital else (ArtifactError,)
        self._kept: list[Chunks] = []

    def encode(self, texts: Sequence[str]) -> _Arrays:
        """Return one float32 array (len(texts), n_dims) per spec."""
        parts = cut(texts) if hasattr(self._loaded, "state") else []
        if len(parts) < 2:
            part = self._encoded(texts)
            self._account(part, 1.0, texts=len(texts), tokens=part.n_tokens)
            return part.arrays
        chunks = Chunks(self._artifacts, self._key(texts))
        self._kept.append(chunks)
        whole: _Arrays = []
        for number, rows in enumerate(parts):
            arrays = self._chunk(chunks, number, [texts[row] for row in rows], len(texts))
            whole = whole or [np.empty((len(texts), X.shape[1]), np.float32) for X in arrays]
            for X, block in zip(whole, arrays, strict=True):
                X[rows] = block
        return whole

    def forget(self) -> None:
        """Remove the chunks: the whole of it is stored."""
        for chunks in self._kept:
            chunks.remove()

    def _chunk(self, chunks: Chunks, number: int, texts: Sequence[str], n_texts: int) -> _Arrays:
        """Return a chunk's arrays: kept ones, or else encoded and kept."""
        share = len(texts) / n_texts
        stored = chunks.read(number)
        if stored is not None:
            n_tokens, seconds = stored.pop(_COST)
            arrays = [stored[str(place)] for place in range(len(stored))]
            self._account(_Part(arrays, int(n_tokens), float(seconds)), share, kept=len(texts))
            return arrays
        part = self._encoded(texts)
        # What is not finite will be refused as a whole: another try must not find it here.
        if all(np.isfinite(X).all() for X in part.arrays):
            named = {str(place): X for place, X in enumerate(part.arrays)}
            with suppress(*self._lost):
                chunks.write(number, named | {_COST: np.array([part.n_tokens, part.seconds])})
        self._account(part, share, texts=len(texts), tokens=part.n_tokens)
        return part.arrays

    def _encoded(self, texts: Sequence[str]) -> _Part:
        n_before, began = self._loaded.n_tokens, time.process_time()
        arrays = self._loaded.encode(texts)
        seconds = time.process_time() - began
        return _Part(arrays, self._loaded.n_tokens - n_before, seconds)

    def _account(self, part: _Part, share: float, **counts: float) -> None:
        self.n_tokens += part.n_tokens
        self.seconds += part.seconds
        _tally.tell(**{_tally.PART: share * self._size}, **counts)

    def _key(self, texts: Sequence[str]) -> str:
        """Return a hash of all that the numbers depend on."""
        settings = [charz.__version__, WORK, *map(str, self._specs), self._loaded.state()]
        return key_of(settings, texts)
