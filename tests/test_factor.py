"""The tridiagonal factorisation, against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.factor import Factor


def gram(seed, n, rank, scale=1.0):
    X = np.random.default_rng(seed).normal(size=(n, rank)) * scale
    return X @ X.T


matrices = st.builds(
    gram, st.integers(0, 1000), st.integers(1, 30), st.integers(1, 40),
    st.sampled_from([1e-6, 1.0, 1e6]),
)  # fmt: skip


@given(G=matrices)
@settings(deadline=None, max_examples=50)
def test_the_factors_multiply_to_the_matrix(G):
    factor, n = Factor.of(G.copy()), len(G)
    T = np.diag(factor.diagonal) + np.diag(factor.off, 1) + np.diag(factor.off, -1)
    assert factor.axes @ factor.axes.T == pytest.approx(np.eye(n), abs=1e-12)
    size = np.abs(G).max()
    assert factor.axes @ T @ factor.axes.T == pytest.approx(G, abs=1e-12 * n * size)


@given(G=matrices)
@settings(deadline=None, max_examples=50)
def test_the_eigenvalues_are_the_matrix_s(G):
    values = Factor.of(G.copy()).values
    expected = np.clip(np.linalg.eigvalsh(G)[::-1], 0, None)
    assert values == pytest.approx(expected, abs=1e-13 * len(G) * expected[0])
    assert (values >= 0).all()


@given(G=matrices)
@settings(deadline=None, max_examples=50)
def test_solutions_are_those_of_the_shifted_matrix(G):
    factor, n = Factor.of(G.copy()), len(G)
    V = np.random.default_rng(0).normal(size=(n, 3))
    shifts = np.array([0.1, 10.0]) * np.trace(G)
    solved = factor.solve(factor.turn(V), shifts)
    for shift, found in zip(shifts, solved, strict=True):
        expected = np.linalg.solve(G + shift * np.eye(n), V)
        assert factor.axes @ found == pytest.approx(expected, rel=1e-9, abs=1e-12 / shift)
