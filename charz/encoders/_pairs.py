"""Text pairs: two vectors become one.

Every kind accepts the option ``pair``; the embed step encodes the two texts apart and
combines their vectors here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charz.errors import InputError, UnknownNameError

WIDTHS = {"product": 2, "full": 4}
"""How many times the encoder's dimensions a combined pair has."""


def combine(
    u: NDArray[np.floating[Any]], v: NDArray[np.floating[Any]], how: str = "product"
) -> NDArray[np.float32]:
    """Combine the vectors of first and second texts row by row.

    Parameters
    ----------
    u, v : float arrays (n, n_dims)
    how : {"product", "full"}
        ``product`` gives ``[|u - v|, u * v]`` as SentEval [1]_ does; ``full`` gives
        ``[u, v, |u - v|, u * v]`` as InferSent [2]_ does. Only ``full`` tells (u, v) from
        (v, u).

    Returns
    -------
    float32 array (n, 2 * n_dims) or (n, 4 * n_dims)

    Raises
    ------
    InputError
        When the shapes differ or ``how`` is unknown.

    References
    ----------
    .. [1] Conneau and Kiela, SentEval, LREC 2018, arXiv:1803.05449, section 3.
    .. [2] Conneau et al., Supervised learning of universal sentence representations,
       EMNLP 2017, arXiv:1705.02364, figure 1.

    Examples
    --------
    >>> combine(np.array([[1.0, 2.0]]), np.array([[3.0, 2.0]]))
    array([[2., 0., 3., 4.]], dtype=float32)
    """
    if how not in WIDTHS:
        raise UnknownNameError.among("pair combination", how, WIDTHS)
    if u.shape != v.shape or u.ndim != 2:
        raise InputError(
            f"a pair has vectors of the shapes {u.shape} and {v.shape}",
            "give two matrices of one shape",
        )
    n, n_dims = u.shape
    out = np.empty((n, WIDTHS[how] * n_dims), dtype=np.float32)
    if how == "full":
        out[:, :n_dims] = u
        out[:, n_dims : 2 * n_dims] = v
    difference, product = out[:, -2 * n_dims : -n_dims], out[:, -n_dims:]
    np.abs(np.subtract(u, v, out=difference), out=difference)
    np.multiply(u, v, out=product)
    return out
