"""Untrained random projection of hashed word n-grams: exact integer arithmetic throughout.

Every 1- and 2-gram of lower-cased words is hashed to 64 bits; splitmix64 [1]_ draws its
row of random signs from that hash and the seed; a text is the sum of its n-grams' rows
over the square root of their number times the dimensions, so of length about one. Sums of
signs are integers and the one division is rounded as IEEE 754 says, so the floats are the
same on every platform.

References
----------
.. [1] Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
.. [2] Achlioptas, Database-friendly random projections, JCSS 66, 2003: signs as projection.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD = re.compile(r"\w+|[^\w\s]")
_CHUNK = 2048
_GOLDEN, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def words(text: str) -> list[str]:
    """Return the lower-cased words and punctuation marks of a text.

    >>> words("It's 5!")
    ['it', "'", 's', '5', '!']
    """
    return _WORD.findall(text.lower())


def project(texts: Sequence[list[str]], n_dims: int, seed: int) -> NDArray[np.float32]:
    """Return the projections of tokenised texts, float32 (len(texts), n_dims)."""
    out = np.zeros((len(texts), n_dims), dtype=np.float32)
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        counts, grams = _count(chunk)
        if grams:
            sums = counts @ signs(np.array([_hash(gram) for gram in grams]), n_dims, seed)
            sizes = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1).astype(np.float64)
            out[start : start + len(chunk)] = sums / np.sqrt(sizes * n_dims)[:, None]
    return out


def signs(hashes: NDArray[np.uint64], n_dims: int, seed: int) -> NDArray[np.float32]:
    """Return one row of random signs per 64-bit hash, float32 (len(hashes), n_dims).

    >>> signs(np.array([1, 2], dtype=np.uint64), 4, seed=0).shape
    (2, 4)
    """
    n_words = -(-n_dims // 64)
    steps = np.arange(1, n_words + 1, dtype=np.uint64) + np.uint64(seed * n_words)
    z = hashes[:, None] + steps * np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX2)
    z = z ^ (z >> np.uint64(31))
    bits = (z[:, :, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    rows: NDArray[np.float32] = bits.reshape(len(hashes), -1)[:, :n_dims].astype(np.float32)
    return rows * np.float32(2) - np.float32(1)


def _count(texts: Sequence[list[str]]) -> tuple[Any, list[str]]:
    """Return n-gram counts as a sparse matrix (len(texts), n_grams) and the n-grams."""
    from scipy.sparse import csr_matrix

    known: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    for tokens in texts:
        pairs = (f"{a} {b}" for a, b in itertools.pairwise(tokens))
        columns.extend(known.setdefault(gram, len(known)) for gram in (*tokens, *pairs))
        ends.append(len(columns))
    ones = np.ones(len(columns), dtype=np.float32)
    return csr_matrix((ones, columns, ends), shape=(len(texts), len(known))), list(known)


def _hash(gram: str) -> np.uint64:
    digest = hashlib.blake2b(gram.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
