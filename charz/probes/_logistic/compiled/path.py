"""The grid of C, ascending, the full sample one C ahead of its folds.

Neighbours tell where to start. The full sample's weights are nearly linear in log C, and so is
the little by which a fold's differ from them:

    V_full(C_t)   ~  V_full(C_t-1) extrapolated from the two C before,
    V_fold(C_t)   ~  V_full(C_t) + (V_fold - V_full)(C_t-1) extrapolated likewise.

Margins are linear in V, so they are extrapolated too and a start costs no product. Stage t solves
the full sample at C_t together with the folds at C_t-1: as many rows to a product as can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic.compiled.descent import minimise
from charz.probes._logistic.compiled.losses import BLOCK, measure
from charz.probes._logistic.compiled.machine import compiled
from charz.probes._logistic.compiled.metric import add, dot
from charz.probes._logistic.compiled.state import Fits, Rows, scratch

if TYPE_CHECKING:
    from charz.records import Floats, Ints


@compiled
def follow(
    rows: Rows,
    fits: Fits,
    Cs: Floats,
    tols: Floats,
    patience: int,
    found: Floats,
    fold: Ints,
    held_out: Floats,
) -> None:
    """Solve every problem at every C and write its weights.

    Parameters
    ----------
    fits : Fits
        Problem 0, the leader, and the folds that follow it, all at their best intercepts
        without features; ``lams`` and ``tols`` are set here.
    Cs : float64 array (S,), ascending
    tols : float64 array (S, Q)
    found : float array (S, Q, K, width)
    fold : int64 array (n,)
        The problem here that left a row out, -1 where none did.
    held_out : float array (S, K, n)
        Set to the margins of each row by that problem.
    """
    n_stages, Q, memory = len(Cs), len(fits.V), scratch(fits.V, fits.M)
    leader = np.zeros((3, *fits.M.shape[1:]), fits.M.dtype)  # its margins at the last three C
    offsets = np.zeros((2, *fits.M.shape), fits.M.dtype)  # folds' margins less the leader's
    for t in range(n_stages + 1):
        which = np.arange(0 if t < n_stages else 1, Q if t > 0 else 1)
        if t < n_stages:
            fits.lams[0], fits.tols[0] = 1 / Cs[t], tols[t, 0]
            if t > 1:
                _lead(rows, fits, found, leader, t, _stretch(Cs, t))
        for q in range(1, Q if t > 0 else 1):
            fits.lams[q], fits.tols[q] = 1 / Cs[t - 1], tols[t - 1, q]
            _trail(fits, found, leader, offsets, q, t - 1, _stretch(Cs, t - 1))
        minimise(rows, fits, which, patience, memory)
        if t < n_stages:
            found[t, 0] = fits.V[0]
            leader[t % 3] = fits.M[0]
            _take(fits, 0, fold, held_out[t])
        for q in range(1, Q if t > 0 else 1):
            found[t - 1, q] = fits.V[q]
            _take(fits, q, fold, held_out[t - 1])
            offsets[(t - 1) % 2, q] = fits.M[q] - leader[(t - 1) % 3]


@compiled
def _take(fits: Fits, q: int, fold: Ints, held_out: Floats) -> None:
    for i in range(len(fold)):
        if fold[i] == q:
            for k in range(len(held_out)):
                held_out[k, i] = fits.M[q, k, i]


@compiled
def _stretch(Cs: Floats, t: int) -> float:
    """Return how far C_t lies beyond C_t-1 in units of the step before, in log C."""
    return np.log(Cs[t] / Cs[t - 1]) / np.log(Cs[t - 1] / Cs[t - 2]) if t > 1 else 0.0


@compiled
def _lead(rows: Rows, fits: Fits, found: Floats, leader: Floats, t: int, stretch: float) -> None:
    """Move the leader to its extrapolated start, unless its objective is no smaller there."""
    floats, p = fits.V.dtype, len(rows.moments)
    V, M, factor = fits.V[0].copy(), fits.M[0].copy(), floats.type(stretch)
    add(factor, (found[t - 1, 0] - found[t - 2, 0]).reshape(-1), V.reshape(-1))
    add(factor, (leader[(t - 1) % 3] - leader[(t - 2) % 3]).reshape(-1), M.reshape(-1))
    objectives = np.zeros(2)
    for place in range(2):
        at, margins = (V, M) if place else (fits.V[0], fits.M[0])
        objectives[place], _ = measure(
            margins, margins, floats.type(0), rows.owner, fits.weights[0], np.empty_like(M),
            np.empty((2, BLOCK), floats),
        )  # fmt: skip
        for k in range(len(V)):
            objectives[place] += fits.lams[0] / 2 * dot(at[k, :p], at[k, :p])
    if objectives[1] < objectives[0]:
        fits.V[0], fits.M[0] = V, M


@compiled
def _trail(
    fits: Fits, found: Floats, leader: Floats, offsets: Floats, q: int, t: int, stretch: float
) -> None:
    """Start fold q at C_t from the leader there and the fold's offsets at smaller C."""
    floats = fits.V.dtype
    V, M = found[t, 0].copy(), leader[t % 3].copy()
    if t > 0:
        last = found[t - 1, q] - found[t - 1, 0]
        add(floats.type(1 + stretch), last.reshape(-1), V.reshape(-1))
        add(floats.type(1 + stretch), offsets[(t - 1) % 2, q].reshape(-1), M.reshape(-1))
        if t > 1:
            last = found[t - 2, q] - found[t - 2, 0]
            add(floats.type(-stretch), last.reshape(-1), V.reshape(-1))
            add(floats.type(-stretch), offsets[t % 2, q].reshape(-1), M.reshape(-1))
    for k in range(len(V)):
        if fits.dead[q, k]:
            V[k], M[k] = fits.V[q, k], fits.M[q, k]
    if fits.dead[q].any():
        _balance(fits.dead[q], V)
    fits.V[q], fits.M[q] = V, M


@compiled
def _balance(dead: Floats, V: Floats) -> None:
    """Give the living classes' weights zero sum, as the optimum has it.

    Steps have zero sum and never would. What is added to all margins of a row alike changes
    no probability, so that margins may stay. The last columns hold intercepts and nothing.
    """
    n_alive = len(dead) - dead.sum()
    for j in range(V.shape[1]):
        mean = V.dtype.type(0)
        for k in range(len(V)):
            if not dead[k]:
                mean += V[k, j]
        mean /= V.dtype.type(n_alive)
        for k in range(len(V)):
            if not dead[k]:
                V[k, j] -= mean
