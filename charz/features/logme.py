"""LogME: log marginal evidence of a Bayesian linear model of each class against the rest.

Formula: mean over classes of max_{a,b} ln p(y | F, a, b) / n, for w ~ N(0, I/a), y ~ N(F w,
I/b), F the rows as they are (no intercept), y the class's 0/1 indicator. With t = a/b, s_j the
eigenvalues of F^T F, x_j = u_j . y and Q = sum_j x_j^2 / (1 + s_j/t) + |y|^2 - |x|^2, the best b
is n/Q and

    ln p = -n/2 ln(2 pi e Q/n) - 1/2 sum_j ln(1 + s_j/t),

maximised over t in [1e-9, 1e3] s_1. That is the paper's evidence at its maximum, for each class
afresh, not where a fixed-point iteration stopped. In (-inf, inf); NaN for one class or zero
rows.
Source: You et al., LogME, ICML 2021, equations 2 and 3. Cost: one eigendecomposition (the rows
are not centred), then about 100 r K.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-math.inf, math.inf)
INVARIANT = frozenset({"rows", "rotation", "scale", "labels"})
ROUNDS = 5


def compute(sample: Sample) -> float:
    """Return the mean maximal log evidence per row.

    >>> from charz.sample import Sample
    >>> good = compute(Sample([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], [0, 0, 1, 1], [[0, 0]]))
    >>> bad = compute(Sample([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], [0, 0, 1, 1], [[0, 0]]))
    >>> good > bad
    True
    """
    s, squares = _spectrum(sample)
    if len(sample.present) < 2 or not s.size:
        return math.nan
    rest = np.clip(sample.class_counts[sample.present] - squares.sum(axis=0), 0, None)
    return float(_best(s / s[0], squares, rest, sample.n_train).mean())


def _spectrum(sample: Sample) -> tuple[Floats, Floats]:
    """Return eigenvalues (r,) of F^T F and x_j^2 of every class present, (r, n_present)."""
    X, Y = sample.X_train, sample.one_hot[:, sample.present]
    wide = sample.n_train <= sample.n_dims
    values, vectors = np.linalg.eigh(X @ X.T if wide else X.T @ X)
    kept = values > 1e-10 * values[-1]
    s, V = values[kept][::-1], vectors[:, kept][:, ::-1]
    return s, (V.T @ Y) ** 2 if wide else (V.T @ (X.T @ Y)) ** 2 / s[:, None]


def _best(s: Floats, squares: Floats, rest: Floats, n: int) -> Floats:
    """Maximise each class's evidence over ln t: a grid, then ever finer ones about its best."""
    grid = np.linspace(math.log(1e-9), math.log(1e3), 49)
    step = grid[1] - grid[0]
    at = grid[:, None] + np.zeros(len(rest))
    for _ in range(ROUNDS):
        evidence = _evidence(s, squares, rest, n, at)
        best = at[evidence.argmax(axis=0), np.arange(len(rest))]
        at = best + np.linspace(-step, step, 9)[:, None]
        step /= 4
    highest: Floats = _evidence(s, squares, rest, n, at).max(axis=0)
    return highest


def _evidence(s: Floats, squares: Floats, rest: Floats, n: int, at: Floats) -> Floats:
    """Return the evidence per row at the logarithms ``at``, (n_at, n_present)."""
    ratio = 1 + s / np.exp(at)[:, :, None]
    error = np.einsum("gkr,rk->gk", 1 / ratio, squares) + rest
    evidence: Floats = -0.5 * np.log(2 * np.pi * np.e * error / n)
    evidence -= np.log(ratio).sum(axis=2) / (2 * n)
    return evidence
