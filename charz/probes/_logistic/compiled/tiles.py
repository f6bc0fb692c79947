"""Matrix products of few rows with a matrix that was packed once.

A BLAS lays its second factor out anew at every call, which costs as much as the product itself
when the first has few rows. Here it is laid out once, in panels as wide as two vectors, and a
tile of up to six rows times one panel is summed in registers. The tile is written for the
compiler in its own language, with vectors of 32 bytes: it comes out as fused multiply-adds of
whatever vectors the processor has. Reaches a core's peak from six rows on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from charz.probes._logistic.compiled.machine import compiled

if TYPE_CHECKING:
    from charz.records import Floats, Ints

VECTOR = 32
"""Bytes of a vector: AVX2's registers, half of AVX-512's, two of NEON's."""
PANEL = 2 * VECTOR
"""Bytes of one row of a panel."""

_INT = ir.IntType(64)
_FUSE = ("contract",)


def _tile(n_rows: int) -> Any:
    """Return ``tile(A, a, lda, B, b, depth, C, c, ldc)``: C[:n_rows, :panel] = A @ B.

    Lower-case letters are places in the flat arrays where the tile's corners lie, ``lda`` and
    ``ldc`` distances between rows; B is a panel, its rows one after the other.
    """

    @intrinsic
    def tile(
        context: Any, A: Any, a: Any, lda: Any, B: Any, b: Any, depth: Any, C: Any, c: Any, ldc: Any
    ) -> Any:
        place = types.intp
        signature = types.void(A, place, place, B, place, place, C, place, place)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            _generate(n_rows, context, builder, signature, values)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _generate(
    n_rows: int, context: Any, builder: ir.IRBuilder, signature: Any, values: Any
) -> None:
    size = signature.args[0].dtype.bitwidth // 8
    element = ir.FloatType() if size == 4 else ir.DoubleType()
    vector = ir.VectorType(element, VECTOR // size)
    lanes = VECTOR // size

    def corner(array: int, place: int) -> Any:
        pointer = context.make_array(signature.args[array])(context, builder, values[array]).data
        return builder.gep(pointer, [values[place]])

    def rows(first: Any, distance: Any) -> list[Any]:
        found = [first]
        for _ in range(1, n_rows):
            found.append(builder.gep(found[-1], [distance]))
        return found

    def half(pointer: Any, place: Any) -> Any:
        return builder.bitcast(builder.gep(pointer, [place]), vector.as_pointer())

    def everywhere(x: Any) -> Any:
        first = builder.insert_element(
            ir.Constant(vector, ir.Undefined), x, ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)

    A, B, C = rows(corner(0, 1), values[2]), corner(3, 4), rows(corner(6, 7), values[8])
    depth, zero = values[5], ir.Constant(vector, None)
    before = builder.basic_block
    loop, after = builder.append_basic_block("depth"), builder.append_basic_block("store")
    builder.cbranch(builder.icmp_signed(">", depth, ir.Constant(_INT, 0)), loop, after)

    builder.position_at_end(loop)
    k = builder.phi(_INT)
    sums = [builder.phi(vector) for _ in range(2 * n_rows)]
    row = builder.mul(k, ir.Constant(_INT, 2 * lanes))
    right = [
        builder.load(half(B, builder.add(row, ir.Constant(_INT, j * lanes))), align=size)
        for j in range(2)
    ]
    grown = []
    for r in range(n_rows):
        left = everywhere(builder.load(builder.gep(A[r], [k]), align=size))
        for j in range(2):
            product = builder.fmul(left, right[j], flags=_FUSE)
            grown.append(builder.fadd(sums[2 * r + j], product, flags=_FUSE))
    following = builder.add(k, ir.Constant(_INT, 1))
    for phi, value in zip([k, *sums], [following, *grown], strict=True):
        phi.add_incoming(ir.Constant(_INT, 0) if phi is k else zero, before)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)

    builder.position_at_end(after)
    totals = [builder.phi(vector) for _ in sums]
    for phi, value in zip(totals, grown, strict=True):
        phi.add_incoming(zero, before)
        phi.add_incoming(value, loop)
    for place, total in enumerate(totals):
        target = half(C[place // 2], ir.Constant(_INT, place % 2 * lanes))
        builder.store(total, target, align=size)


_tile1, _tile2, _tile3, _tile4, _tile5, _tile6 = (_tile(n_rows) for n_rows in range(1, 7))


@compiled
def product(A: Floats, n_rows: int, panels: Floats, begins: Ints, ends: Ints, C: Floats) -> None:
    """Set ``C[:n_rows] = A[:n_rows] @ B``, B given in panels.

    Parameters
    ----------
    A : array (at least n_rows, at least depth)
    panels : array (n_panels, depth, width)
        ``PANEL`` bytes wide, of the same float type as all others.
    begins, ends : int array (n_panels,)
        The rows of each panel that are not all zero.
    C : array (at least n_rows, n_panels * width)
    """
    lda, ldc = A.shape[1], C.shape[1]
    n_panels, depth, width = panels.shape
    for j in range(n_panels):
        k, deep, c = begins[j], ends[j] - begins[j], j * width
        b = (j * depth + k) * width
        r = 0
        while n_rows - r >= 6:
            _tile6(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)
            r += 6
        left = n_rows - r
        if left == 5:
            _tile5(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)
        elif left == 4:
            _tile4(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)
        elif left == 3:
            _tile3(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)
        elif left == 2:
            _tile2(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)
        elif left == 1:
            _tile1(A, r * lda + k, lda, panels, b, deep, C, r * ldc + c, ldc)


@compiled
def lay_out(Z: Floats, same: Floats, forth: Floats, back: Floats) -> None:
    """Copy ``Z`` (n, p) to ``same``, and into panels of Z' and of Z that hold zeros.

    ``forth`` is (ceil(n / width), p, width), ``back`` (ceil(p / width), n, width).
    """
    n, p = Z.shape
    side = forth.shape[2]
    for i in range(n):
        panel, place = forth[i // side], i % side
        for j in range(p):
            same[i, j] = Z[i, j]
            panel[j, place] = Z[i, j]
    for panel in range(len(back)):
        first = panel * side
        for i in range(n):
            for j in range(first, min(p, first + side)):
                back[panel, i, j - first] = Z[i, j]


def width(dtype: Any) -> int:
    """Return how many floats of a type one row of a panel holds.

    >>> width(np.float32), width(np.float64)
    (16, 8)
    """
    return PANEL // int(np.dtype(dtype).itemsize)
