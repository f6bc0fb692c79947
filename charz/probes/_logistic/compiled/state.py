"""What the descent works on, as tuples that compiled code takes apart by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from charz.probes._logistic.compiled.machine import compiled

if TYPE_CHECKING:
    from charz.records import Floats, Ints

MEMORY = 6
"""Steps that the descent remembers."""
RANK = 16
"""Rows that a sharp metric takes as they are."""


class Rows(NamedTuple):
    """What problems share.

    Attributes
    ----------
    Z : float array (n, p)
        Rows without the column of ones; all floats are of its type.
    forth, forth_begins, forth_ends
        Panels of ``Z'`` and which of their rows are not zero: see `tiles.product`.
    back, back_begins, back_ends
        Panels of ``Z``.
    moments : float64 array (p,)
        Sums of squares per column.
    owner : int64 array (n,)
        See `losses`.
    """

    Z: Floats
    forth: Floats
    forth_begins: Ints
    forth_ends: Ints
    back: Floats
    back_begins: Ints
    back_ends: Ints
    moments: Floats
    owner: Ints


class Fits(NamedTuple):
    """Q problems under way; the last axis is as wide as the panels, padded with zeros.

    Attributes
    ----------
    V : float array (Q, K, width >= p + 1)
    M : float array (Q, K, width >= n)
    weights : float array (Q, n)
    dead : bool array (Q, K)
        Classes without a row of positive weight: their margins stay as they are.
    lams : float64 array (Q,)
    tols : float64 array (Q,)
        Relative gaps at which to stop.
    is_strict : bool array (Q,)
        Whether the gap is the bound of `certificate` at settled intercepts; else it is Newton's
        estimate, half of what the next step promises to first order.
    work : int64 array (2,)
        Counts rows times products done and problems times steps.
    """

    V: Floats
    M: Floats
    weights: Floats
    dead: Floats
    lams: Floats
    tols: Floats
    is_strict: Ints
    work: Ints


class Scratch(NamedTuple):
    """Working memory for up to Q problems, made once for many calls.

    ``D, G`` (Q K, width) and ``DM, R`` (Q K, width of M) hold directions, gradients, the
    directions' margins and residuals of the problems still active, in their order. The others
    belong to a problem each: the gradient ``before`` (Q, K, width), steps and changes of gradient
    ``S, Y`` (Q, MEMORY, K width), and the metric, ``diagonal`` (Q, K, width) with ``B`` (Q, K,
    RANK, width).
    """

    D: Floats
    G: Floats
    DM: Floats
    R: Floats
    before: Floats
    S: Floats
    Y: Floats
    diagonal: Floats
    B: Floats


@compiled
def scratch(V: Floats, M: Floats) -> Scratch:
    """Return working memory for problems of these shapes."""
    (Q, K, width), floats = V.shape, V.dtype
    return Scratch(
        np.empty((Q * K, width), floats),
        np.empty((Q * K, width), floats),
        np.empty((Q * K, M.shape[2]), floats),
        np.empty((Q * K, M.shape[2]), floats),
        np.empty((Q, K, width), floats),
        np.empty((Q, MEMORY, K * width), floats),
        np.empty((Q, MEMORY, K * width), floats),
        np.empty((Q, K, width), floats),
        np.empty((Q, K, RANK, width), floats),
    )


class Course(NamedTuple):
    """How each problem of a call fares, by its place in the call.

    ``rho`` (Q, MEMORY) holds ``1 / s'y``; ``scale`` the metric's factor; ``losses`` the loss
    where it is, ``values`` the objective; ``steps`` how many it took; ``least`` how near to its
    minimum it was at best, ``waited`` steps ago; ``moved`` whether its last search found a step;
    ``is_sharp`` whether its metric has ``B``.
    """

    rho: Floats
    scale: Floats
    losses: Floats
    values: Floats
    steps: Ints
    least: Floats
    waited: Ints
    moved: Ints
    is_sharp: Ints
