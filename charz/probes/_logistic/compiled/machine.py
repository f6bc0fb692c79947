"""How this folder's functions are compiled, and the bits of a float.

Sums may be reordered and products fused, which vector instructions need; NaN and infinity keep
their meaning. Division follows NumPy (no exception to check for, which would forbid vectors).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from charz.compiled import machine_code

# Sums in any order, a * b + c in one rounding, no difference between 0 and -0, 1 / x for x / c.
FREE = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Callable[..., Any], fastmath: Any = FREE) -> Any:
    """Compile as this folder's functions are."""
    return machine_code(function, fastmath=fastmath, error_model="numpy")


@intrinsic
def _bits_of(context: Any, x: Any) -> Any:
    """Return a float's bits as an integer of its width."""
    integer = types.int32 if x.bitwidth == 32 else types.int64
    return _cast(integer, x)


@intrinsic
def _float_of(context: Any, bits: Any) -> Any:
    """Return the float that has these bits."""
    floating = types.float32 if bits.bitwidth == 32 else types.float64
    return _cast(floating, bits)


bits_of: Any = _bits_of
float_of: Any = _float_of


def _cast(target: Any, source: Any) -> Any:
    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(target))

    return target(source), generate


def exp(x: Any) -> Any:
    """Return e^x of a float32 or float64 at most 0 (or a little more), 0 far below.

    Plain arithmetic that a compiler turns into vector instructions, which calls of a library
    function forbid: ``x = k ln 2 + r``, ``e^r`` by Cephes' polynomial or rational function, to
    about one unit in the last place, and ``2^k`` by setting the exponent's bits.
    """
    return float(np.exp(x))


def log(x: Any) -> Any:
    """Return ln x of a positive float32 or float64 by Cephes' polynomial or rational function."""
    return float(np.log(x))


def _exp32(x: Any) -> Any:
    one = np.float32(1)
    # Adding 1.5 * 2^23 rounds to a whole number k, which then stands in the lowest bits.
    shifted = x * np.float32(1.4426950408889634) + np.float32(12582912.0)
    k = shifted - np.float32(12582912.0)
    r = x - k * np.float32(0.693359375)
    r = r - k * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + one
    power = float_of(np.int32((bits_of(shifted) << np.int32(23)) + np.int32(0x3F800000)))
    return p * power if x > np.float32(-87) else np.float32(0)


def _exp64(x: Any) -> Any:
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    k = shifted - 6755399441055744.0
    r = x - k * 6.93145751953125e-1
    r = r - k * 1.42860682030941723212e-6
    square = r * r
    p = 1.26177193074810590878e-4
    p = p * square + 3.02994407707441961300e-2
    p = (p * square + 9.99999999999999999910e-1) * r
    q = 3.00198505138664455042e-6
    q = q * square + 2.52448340349684104192e-3
    q = q * square + 2.27265548208155028766e-1
    q = q * square + 2.0
    power = float_of(np.int64((bits_of(shifted) << np.int64(52)) + np.int64(0x3FF << 52)))
    return (1 + 2 * p / (q - p)) * power if x > -708.0 else 0.0


def _log32(x: Any) -> Any:
    # x = 2^e m with m between sqrt(1/2) and sqrt(2), whose bits begin at 0x3f3504f3.
    bits = np.int32(bits_of(x) - np.int32(0x3F3504F3))
    e = np.float32(np.int32(bits >> np.int32(23)))
    m = float_of(np.int32((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3)))
    r = m - np.float32(1)
    square = r * r
    p = np.float32(7.0376836292e-2)
    p = p * r + np.float32(-1.1514610310e-1)
    p = p * r + np.float32(1.1676998740e-1)
    p = p * r + np.float32(-1.2420140846e-1)
    p = p * r + np.float32(1.4249322787e-1)
    p = p * r + np.float32(-1.6668057665e-1)
    p = p * r + np.float32(2.0000714765e-1)
    p = p * r + np.float32(-2.4999993993e-1)
    p = p * r + np.float32(3.3333331174e-1)
    tail = r * square * p + np.float32(-2.12194440e-4) * e - np.float32(0.5) * square
    return r + tail + np.float32(0.693359375) * e


def _log64(x: Any) -> Any:
    # The same for float64, whose sqrt(1/2) begins at 0x3fe6a09e667f3bcd.
    start = np.int64(0x3FE6A09E667F3BCD)
    bits = np.int64(bits_of(x) - start)
    e = np.float64(np.int64(bits >> np.int64(52)))
    r = float_of(np.int64((bits & np.int64(0xFFFFFFFFFFFFF)) + start)) - 1.0
    square = r * r
    p = 1.01875663804580931796e-4
    p = p * r + 4.97494994976747001425e-1
    p = p * r + 4.70579119878881725854
    p = p * r + 1.44989225341610930846e1
    p = p * r + 1.79368678507819816313e1
    p = p * r + 7.70838733755885391666
    q = r + 1.12873587189167450590e1
    q = q * r + 4.52279145837532221105e1
    q = q * r + 8.29875266912776603211e1
    q = q * r + 7.11544750618563894466e1
    q = q * r + 2.31251620126765340583e1
    tail = r * square * p / q - 2.121944400546905827679e-4 * e - 0.5 * square
    return r + tail + 0.693359375 * e


# Rounding by adding a large number does not survive the reordering of sums.
_IN_ORDER = {"contract"}
_exponentials = {32: compiled(_exp32, _IN_ORDER), 64: compiled(_exp64, _IN_ORDER)}
_logarithms = {32: compiled(_log32, _IN_ORDER), 64: compiled(_log64, _IN_ORDER)}


@overload(exp)
def _choose_exp(x: Any) -> Any:
    function = _exponentials[x.bitwidth]

    def chosen(x: Any) -> Any:
        return function(x)

    return chosen


@overload(log)
def _choose_log(x: Any) -> Any:
    function = _logarithms[x.bitwidth]

    def chosen(x: Any) -> Any:
        return function(x)

    return chosen
