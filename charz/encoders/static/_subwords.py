"""Tables over a subword tokeniser: WordLlama and Model2Vec, read without their packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charz.encoders.static._table import Table
from charz.errors import InputError, MissingExtraError

_BATCH = 4096


def wordllama(weights: Path, tokenizer: Path, max_tokens: int | None) -> Table:
    """Open the table of WordLlama: the plain mean over all tokens, without special ones."""
    vectors = _tensors(weights)["embedding.weight"].astype(np.float32)
    reader = _Reader(tokenizer, max_tokens, unknown=None, longest=None)
    return Table(vectors, reader.tokenize)


def model2vec(weights: Path, tokenizer: Path, name: str, max_tokens: int | None) -> Table:
    """Open a Model2Vec table: the mean over known tokens, weighted where it says so.

    As in the package, a text is first cut to ``max_tokens`` times the vocabulary's median
    token length in characters, then to ``max_tokens`` tokens.
    """
    held = _tensors(weights)
    engine = _tokenizer(tokenizer)
    vocabulary = engine.get_vocab()
    longest = None
    if max_tokens is not None:
        longest = max_tokens * int(np.median([len(token) for token in vocabulary]))
    reader = _Reader(tokenizer, max_tokens, _unknown(engine), longest)
    table = Table(
        held[name].astype(np.float32),
        reader.tokenize,
        held["weights"].astype(np.float32).ravel() if "weights" in held else None,
        held["mapping"].astype(np.int64).ravel() if "mapping" in held else None,
    )
    _fits(weights, table, 1 + max(vocabulary.values(), default=-1))
    return table


class _Reader:
    """A tokeniser that adds no special tokens and drops unknown ones."""

    def __init__(
        self, path: Path, max_tokens: int | None, unknown: int | None, longest: int | None
    ) -> None:
        self._engine = _tokenizer(path)
        self._engine.no_padding()
        self._engine.no_truncation()
        if max_tokens is not None:
            self._engine.enable_truncation(max_tokens)
        self._unknown, self._longest = unknown, longest

    def tokenize(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = []
        for start in range(0, len(texts), _BATCH):
            batch = [text[: self._longest] for text in texts[start : start + _BATCH]]
            encoded = self._engine.encode_batch_fast(batch, add_special_tokens=False)
            found.extend(row.ids for row in encoded)
        if self._unknown is None:
            return found
        return [[token for token in row if token != self._unknown] for row in found]


def _tokenizer(path: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtraError.of("tokenizers", "static", "to read static tables") from error
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises the bare class
        raise InputError(f"'{path}' is no tokeniser: {error}", "fetch the file again") from error


def _tensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise MissingExtraError.of("safetensors", "static", "to read static tables") from error
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, TypeError, KeyError) as error:
        raise InputError(f"'{path}' is damaged: {error}", "fetch the file again") from error


def _unknown(engine: Any) -> int | None:
    if hasattr(engine.model, "unk_token"):
        token = engine.model.unk_token
        return None if token is None else engine.token_to_id(token)
    number = json.loads(engine.to_str())["model"].get("unk_id")
    return None if number is None else int(number)


def _fits(path: Path, table: Table, n_tokens: int) -> None:
    """Refuse a table whose parts disagree: a token must never index past its vectors."""
    n_rows = len(table.vectors)
    if table.rows is None:
        fits = n_rows >= n_tokens
    else:
        fits = len(table.rows) >= n_tokens and table.rows.min() >= 0 and table.rows.max() < n_rows
    if not fits or (table.weights is not None and len(table.weights) < n_tokens):
        raise InputError(
            f"'{path}' does not fit its tokeniser of {n_tokens} tokens", "fetch both again"
        )
