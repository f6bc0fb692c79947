"""Recurrences of shifted tridiagonal matrices, compiled and not, against dense inverses."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import tridiagonal

WAYS = ["_recurrences", "_stepwise"]


@pytest.fixture(params=WAYS)
def way(request):
    if request.param == "_recurrences":
        pytest.importorskip("numba")
    return importlib.import_module(f"charz.tridiagonal.{request.param}")


def dense(diagonal, off):
    return np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)


def semidefinite(seed, r, size=1.0):
    """Return diagonal and off-diagonal of B^T B, B upper bidiagonal."""
    rng = np.random.default_rng(seed)
    B = np.diag(rng.normal(size=r)) + np.diag(rng.normal(size=r - 1), 1)
    T = size * B.T @ B
    return np.diag(T).copy(), np.diag(T, 1).copy()


@given(
    seed=st.integers(0, 10_000),
    r=st.integers(1, 40),
    v=st.integers(1, 5),
    size=st.sampled_from([1e-12, 1.0, 1e12]),
)
@settings(deadline=None, max_examples=30)
def test_forms_are_those_of_the_inverse(seed, r, v, size):
    diagonal, off = semidefinite(seed, r, size)
    V = np.random.default_rng(seed).normal(size=(r, v))
    shifts = size * np.array([1e-3, 0.5, 20.0])
    logdet, found = tridiagonal.forms(diagonal, off, V, shifts)
    for g, shift in enumerate(shifts):
        inverse = np.linalg.inv(dense(diagonal, off) + shift * np.eye(r))
        both = V.T @ inverse @ V
        near = {"rel": 1e-8, "abs": 1e-8 * np.abs(both).max()}
        assert found[0, :, g] == pytest.approx(np.diag(both), **near)
        assert found[1, :, g] == pytest.approx(both[0], **near)
        assert logdet[g] == pytest.approx(-np.linalg.slogdet(inverse)[1], rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 255, 256, 600])
def test_norms_are_those_of_the_inverse_for_any_number_of_columns(way, n, dtype):
    diagonal, off = semidefinite(1, 30)
    V = np.random.default_rng(0).normal(size=(30, n)).astype(dtype)
    shifts = np.array([0.1, 3.0])
    pivots, ratios = way.pivots(diagonal, off, shifts)
    found = way.norms(ratios.astype(dtype), (1 / pivots).astype(dtype), V)
    assert found.dtype == dtype
    for shift, row in zip(shifts, found, strict=True):
        inverse = np.linalg.inv(dense(diagonal, off) + shift * np.eye(30))
        expected = np.einsum("in,ij,jn->n", V, inverse, V)
        assert row == pytest.approx(expected, rel=1e-10 if dtype == np.float64 else 1e-4)


def test_both_ways_are_one(way):
    diagonal, off = semidefinite(2, 200)
    V, shifts = np.random.default_rng(0).normal(size=(200, 4)), np.geomspace(1e-6, 1e6, 50)
    logdet, found = way.forms(diagonal, off, V, shifts)
    expected_logdet, expected = tridiagonal.forms(diagonal, off, V, shifts)
    np.testing.assert_allclose(logdet, expected_logdet, rtol=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
import numpy as np
from charz.features import domain_auc, h_score, logme, ridge_loo
from charz.sample import Sample
from charz.tridiagonal import _compiled
assert _compiled().__name__ == "charz.tridiagonal._stepwise"
rng = np.random.default_rng(0)
for n, d in ((30, 90), (120, 70)):
    y = np.arange(n) % 3
    sample = Sample(rng.normal(size=(n, d)) + y[:, None], y, rng.normal(size=(40, d)))
    found = [logme.compute(sample), domain_auc.compute(sample)]
    found += [*h_score.compute(sample).values(), *ridge_loo.compute(sample).values()]
    print(*(repr(float(value)) for value in found))
"""


def test_features_are_the_same_where_numba_lacks():
    pytest.importorskip("numba")
    blocked = 'sys.modules["numba"] = None\n'
    named = 'assert _compiled().__name__ == "charz.tridiagonal._stepwise"\n'
    scripts = [WITHOUT_NUMBA, WITHOUT_NUMBA.replace(blocked, "").replace(named, "")]
    answers = []
    for script in scripts:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answers.append([float(word) for word in done.stdout.split()])
    assert len(answers[0]) == 12
    assert answers[0] == pytest.approx(answers[1], rel=1e-5)
