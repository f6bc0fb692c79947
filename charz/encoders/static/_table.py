"""A table of token vectors and the mean over a text's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Table:
    """Token vectors float32 (n_rows, n_dims) and the tokeniser that gives their row numbers.

    ``weights`` scales each token's vector, where a table has them, and ``rows`` maps token
    numbers to vectors where several tokens share one.
    """

    vectors: NDArray[np.float32]
    tokenize: Callable[[list[str]], Sequence[Sequence[int]]]
    weights: NDArray[np.float32] | None = None
    rows: NDArray[np.int64] | None = None

    def mean(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the mean vector of each text, zero where it has no token.

        One sparse product; its rows are summed on their own, so that a text's floats do not
        depend on the texts beside it.

        >>> table = Table(np.eye(2, dtype=np.float32), tokenize=lambda texts: [])
        >>> table.mean([[0, 1], [], [1]])
        array([[0.5, 0.5],
               [0. , 0. ],
               [0. , 1. ]], dtype=float32)
        """
        from scipy.sparse import csr_matrix

        lengths = np.fromiter((len(row) for row in tokens), dtype=np.int64, count=len(tokens))
        ends = np.concatenate([[0], np.cumsum(lengths)])
        flat = np.fromiter((token for row in tokens for token in row), np.int64, count=ends[-1])
        scale = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
        if self.weights is not None:
            scale *= self.weights[flat]
        if self.rows is not None:
            flat = self.rows[flat]
        shape = (len(tokens), len(self.vectors))
        return np.asarray(csr_matrix((scale, flat, ends), shape=shape) @ self.vectors)
