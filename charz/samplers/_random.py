"""The only randomness of the samplers: raw 64-bit words of PCG64, keyed by seed and purpose.

NumPy promises that a bit generator's raw stream never changes (NEP 19), but not what
``Generator.permutation`` or ``choice`` make of it. Orders are therefore stable sorts of raw
words: the same on every platform and for every NumPy.
"""

from __future__ import annotations

import hashlib
from operator import index
from typing import TYPE_CHECKING

import numpy as np

from charz.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from charz.records import Floats


def words(n: int, seed: int, purpose: str) -> NDArray[np.uint64]:
    """Return ``n`` random words, uint64 (n,); a longer stream begins with a shorter one.

    Parameters
    ----------
    n : int
        How many.
    seed : int
        Any integer.
    purpose : str
        Streams of different purposes are independent.

    Raises
    ------
    InputError
        When the seed is no integer.

    Examples
    --------
    >>> [int(word) >> 56 for word in words(4, seed=0, purpose="rows")]
    [53, 16, 57, 5]
    """
    key = f"{whole(seed)}/{purpose}".encode()
    entropy = int.from_bytes(hashlib.sha256(key).digest()[:16], "little")
    return np.asarray(np.random.PCG64(entropy).random_raw(n), dtype=np.uint64)


def whole(seed: int) -> int:
    """Return a seed as Python's integer.

    Raises
    ------
    InputError
        When it is no integer.
    """
    try:
        return index(seed)
    except TypeError as error:
        raise InputError(f"the seed {seed!r} is no integer", "give a whole number") from error


def permutation(n: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """Return a random order of ``range(n)``, int64 (n,).

    >>> permutation(5, seed=0, purpose="rows")
    array([3, 1, 0, 2, 4])
    """
    return np.argsort(words(n, seed, purpose), kind="stable").astype(np.int64)


def uniform(n: int, seed: int, purpose: str) -> Floats:
    """Return ``n`` numbers in [0, 1), multiples of 2^-53, float64 (n,)."""
    return (words(n, seed, purpose) >> np.uint64(11)) * 2.0**-53
