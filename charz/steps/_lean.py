"""Figures in few bytes: numbers with the digits that mean something, in Parquet.

A number that is no whole number keeps `BITS` bits after its leading one and travels in single
precision; its low bytes are then zeros, which cost nothing once the bytes of a column stand
together (``BYTE_STREAM_SPLIT``) and are compressed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from charz.errors import InputError

if TYPE_CHECKING:
    from charz.records import Ints

BITS = 12
"""Bits after the leading one of a figure: four significant digits in any case."""
ROUGH = 4
"""The same of what only tells an order of magnitude: seconds and certified gaps."""
_MANTISSA = 23
_ZSTD = 19


def rounded(values: ArrayLike, bits: int = BITS) -> NDArray[np.float32]:
    """Return numbers in single precision that keep ``bits`` bits after the leading one.

    Parameters
    ----------
    values : array of any shape
        NaN stays NaN.
    bits : int
        From 1 to 22. A relative error is at most ``2 ** -(bits + 1)``; whole numbers under
        2 ** 24 are kept as they are. Rounding again changes nothing.

    Returns
    -------
    float32 array of the same shape

    Raises
    ------
    InputError
        When a number is too large for single precision.

    Examples
    --------
    >>> rounded([0.1, 1 / 3, 12345.0, 0.5], bits=4).tolist()
    [0.1015625, 0.328125, 12345.0, 0.5]
    """
    exact = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        single = exact.astype(np.float32)
    if np.any(np.isinf(single)):
        raise InputError(
            "a figure is too large for single precision", "look for it with 'charz query'"
        )
    drop = _MANTISSA - bits
    words = single.view(np.uint32)
    cut = ((words + np.uint32(1 << (drop - 1))) >> np.uint32(drop)) << np.uint32(drop)
    whole = (exact == np.rint(exact)) & (np.abs(exact) < 2**24)
    return np.where(whole | np.isnan(single), single, cut.view(np.float32))


def counted(shares: ArrayLike, totals: ArrayLike) -> Ints:
    """Return how many of ``totals`` a share stands for, -1 where it is no whole number of them.

    The share is then exactly ``count / total``.

    Parameters
    ----------
    shares : float array (n,)
        NaN counts as none.
    totals : int array (n,)

    Returns
    -------
    int64 array (n,)

    Examples
    --------
    >>> counted([0.25, 0.3, float("nan")], [40, 4, 4]).tolist()
    [10, -1, -1]
    """
    share, total = np.asarray(shares, dtype=np.float64), np.asarray(totals, dtype=np.int64)
    counts = np.rint(np.nan_to_num(share, nan=-1.0) * total).astype(np.int64)
    exact = (counts >= 0) & (total > 0) & (counts / np.maximum(total, 1) == share)
    return np.where(exact, counts, -1)


def write(path: Path, table: pa.Table, repeated: Collection[str] = ()) -> None:
    """Write a table in as few bytes as lossless compression makes of it.

    Parameters
    ----------
    path : Path
    table : pyarrow.Table
    repeated : collection of str
        Columns of numbers with few different values, kept as a dictionary, as texts are.
    """
    numbers = [
        field.name
        for field in table.schema
        if (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
        and field.name not in repeated
    ]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=_ZSTD,
        use_dictionary=[name for name in table.column_names if name not in numbers],
        column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
        write_statistics=False,
        row_group_size=max(1, table.num_rows),
    )


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where there is none.

    >>> numbers(pa.chunked_array([[1, None]])).tolist()
    [1.0, nan]
    """
    found: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return found


def listed(values: NDArray[Any]) -> list[float | None]:
    """Return numbers as a database takes them: None where there is none.

    >>> listed(np.array([0.5, np.nan]))
    [0.5, None]
    """
    return [None if value != value else value for value in values.tolist()]
