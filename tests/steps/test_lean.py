"""Lean numbers: what rounding costs, against the slow way through mantissa and exponent."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charz.errors import InputError
from charz.steps import _lean

MODERATE = st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-30)
BITS = st.integers(1, 22)


def slowly(value: float, bits: int) -> float:
    """Round the single-precision number half away from zero, in whole numbers."""
    single = float(np.float32(value))
    if value == round(value) and abs(value) < 2**24:
        return single
    mantissa, exponent = math.frexp(abs(single))
    kept = math.floor(Fraction(mantissa) * 2 ** (bits + 1) + Fraction(1, 2))
    return math.copysign(math.ldexp(kept, exponent - bits - 1), single)


@given(MODERATE, BITS)
def test_a_number_keeps_its_leading_bits(value, bits):
    assert _lean.rounded([value], bits)[0] == slowly(value, bits)


@given(st.lists(MODERATE), BITS)
def test_the_error_is_what_the_card_says_and_comes_once(values, bits):
    once = _lean.rounded(values, bits)
    exact = np.array(values)
    # A single has 23 bits of its own, so its rounding adds at most 2^-24.
    assert np.all(np.abs(once - exact) <= (2.0 ** -(bits + 1) + 2.0**-24) * np.abs(exact))
    np.testing.assert_array_equal(_lean.rounded(once, bits), once)


@given(st.integers(-(2**24) + 1, 2**24 - 1), BITS)
def test_whole_numbers_are_kept(value, bits):
    assert _lean.rounded([value], bits)[0] == value


def test_what_is_not_defined_stays_so_and_what_is_too_large_is_said():
    assert np.isnan(_lean.rounded([np.nan, 1.5])).tolist() == [True, False]
    with pytest.raises(InputError, match="too large"):
        _lean.rounded([1e39])


@given(st.integers(1, 10**6), st.data())
def test_shares_of_rows_come_back_to_the_last_bit(total, data):
    count = data.draw(st.integers(0, total))
    (found,) = _lean.counted([count / total], [total])
    assert found == count


def test_a_share_of_no_whole_number_of_rows_is_none():
    assert _lean.counted([0.3, np.nan, 1.0, 0.5], [4, 4, 4, 0]).tolist() == [-1, -1, 4, -1]


def test_what_is_written_is_read_back(tmp_path):
    table = pa.table({
        "code": pa.array([0, 1, None], pa.int32()), "x": pa.array([0.5, float("nan"), None]),
        "name": pa.array(["a", None, "b"]), "flag": pa.array([True, False, None]),
        "chosen": pa.array([0.01, 0.01, 10.0]),
    })  # fmt: skip
    _lean.write(tmp_path / "a.parquet", table, repeated=("chosen",))
    _lean.write(tmp_path / "b.parquet", table, repeated=("chosen",))
    back = pq.read_table(tmp_path / "a.parquet")
    assert back.schema.equals(table.schema)
    assert str(back.to_pydict()) == str(table.to_pydict())
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    _lean.write(tmp_path / "none.parquet", table.slice(0, 0))
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
