"""What every kind does last: truncate, normalise, hand over contiguous float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def finish(X: NDArray[np.floating[Any]], n_dims: int, normalize: bool) -> NDArray[np.float32]:
    """Keep the first ``n_dims`` columns and scale rows to length one where asked.

    Truncation comes first, as for Matryoshka embeddings (Kusupati et al. 2022,
    arXiv:2205.13147), so a truncated and normalised row has length one. Zero rows stay zero.

    >>> finish(np.array([[3.0, 4.0, 9.0], [0.0, 0.0, 1.0]]), 2, normalize=True)
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    kept = np.array(X[:, :n_dims], dtype=np.float32, order="C")
    if normalize:
        lengths = np.sqrt(np.einsum("ij,ij->i", kept, kept))[:, None]
        np.divide(kept, lengths, out=kept, where=lengths > 0)
    return kept
