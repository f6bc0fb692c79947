"""Tokens of many texts and batches of about equal size."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 256
_CHUNK = 2048


@dataclass(frozen=True)
class Tokens:
    """Token numbers of all texts, one after the other, and each text's length.

    ``columns`` are the tokeniser's outputs (``input_ids``, perhaps ``token_type_ids``) and
    ``padding`` what fills each of them up.
    """

    columns: dict[str, NDArray[np.int64]]
    padding: dict[str, int]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]

    def padded(self, rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Return the inputs of a batch, int64 (len(rows), longest), padded on the right."""
        lengths = self.lengths[rows]
        steps = np.arange(lengths.max(), dtype=np.int64)
        mask = steps < lengths[:, None]
        flat = (self.starts[rows][:, None] + steps)[mask]
        inputs = {"attention_mask": mask.astype(np.int64)}
        for name, column in self.columns.items():
            filled = np.full(mask.shape, self.padding[name], dtype=np.int64)
            filled[mask] = column[flat]
            inputs[name] = filled
        return inputs


def tokenize(
    tokenizer: Any, texts: list[str], max_tokens: int | None, takes: Collection[str]
) -> Tokens:
    """Tokenise texts with the checkpoint's tokeniser, special tokens included.

    Token types are kept where the tokeniser gives them and the network ``takes`` them.
    """
    wanted = ["input_ids"]
    if "token_type_ids" in takes and "token_type_ids" in tokenizer.model_input_names:
        wanted.append("token_type_ids")
    found: dict[str, list[NDArray[np.int64]]] = {name: [] for name in wanted}
    lengths: list[int] = []
    for start in range(0, len(texts), _CHUNK):
        encoded = tokenizer(
            texts[start : start + _CHUNK],
            truncation=max_tokens is not None,
            max_length=max_tokens,
            padding=False,
            return_attention_mask=False,
        )
        lengths.extend(map(len, encoded["input_ids"]))
        for name in wanted:
            found[name].extend(np.asarray(row, dtype=np.int64) for row in encoded[name])
    sizes = np.array(lengths, dtype=np.int64)
    columns = {name: np.concatenate([*rows, np.zeros(0, np.int64)]) for name, rows in found.items()}
    padding = {
        "input_ids": tokenizer.pad_token_id or 0,
        "token_type_ids": getattr(tokenizer, "pad_token_type_id", 0),
    }
    return Tokens(columns, padding, sizes, np.cumsum(sizes) - sizes)


def batches(lengths: NDArray[np.int64], budget: int) -> Iterator[NDArray[np.int64]]:
    """Cut texts into batches of at most ``budget`` padded tokens, longest texts first.

    Texts without tokens are in no batch.

    >>> [rows.tolist() for rows in batches(np.array([2, 5, 0, 4, 2]), budget=10)]
    [[1, 3], [0, 4]]
    """
    order = np.argsort(-lengths, kind="stable")[: int((lengths > 0).sum())]
    start = 0
    while start < len(order):
        size = max(1, min(MOST_ROWS, budget // int(lengths[order[start]])))
        yield order[start : start + size]
        start += size
