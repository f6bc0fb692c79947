"""GloVe: vectors of whole words.

Texts are lower-cased and split into words, numbers and punctuation marks; contractions
split as in the Penn Treebank ("don't" is ``do n't``, "it's" is ``it 's``), which is how the
vectors' vocabulary was made (Pennington et al. 2014). Unknown words are left out.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charz.encoders.static._table import Table
from charz.errors import InputError

_WORD = re.compile(r"\w+(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|\d+(?:[.,]\d+)*(?!\w)|\w+|[^\w\s]")


def split(text: str) -> list[str]:
    """Return the lower-cased words of a text.

    >>> split("I don't pay $3.50: it's late!")
    ['i', 'do', "n't", 'pay', '$', '3.50', ':', 'it', "'s", 'late', '!']
    """
    return _WORD.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def shape(path: Path) -> tuple[int, int]:
    """Return (n_words, n_dims) from the header of the vectors' file."""
    rows, columns = _vectors(path).shape
    return (rows, columns)


def glove(vectors: Path, words: Path, max_tokens: int | None) -> Table:
    """Open GloVe vectors (npy, mapped into memory) with their words (Parquet, in row order)."""
    import pyarrow.parquet as pq

    known = {word: row for row, word in enumerate(pq.read_table(words).column(0).to_pylist())}

    def tokenize(texts: list[str]) -> list[list[int]]:
        found = (
            [row for word in split(text) if (row := known.get(word)) is not None] for text in texts
        )
        return [rows[:max_tokens] for rows in found]

    return Table(_vectors(vectors), tokenize)


def _vectors(path: Path) -> NDArray[np.float32]:
    try:
        table: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is no readable NumPy file", "reinstall its package") from error
    if table.ndim != 2 or table.dtype != np.float32:
        raise InputError(f"'{path}' holds no float32 matrix", "reinstall its package")
    return table
