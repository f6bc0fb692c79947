"""Distances in blocks, votes and sums, against SciPy and loops."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from charz import distances
from charz.distances import Distances, Points, near, spread, squared


@pytest.fixture(params=["_compiled", "_plain"])
def passes(request):
    if request.param == "_compiled":
        pytest.importorskip("numba")
    return importlib.import_module(f"charz.distances.{request.param}")


def points(rows):
    return Points.of(rows, rows.mean(axis=0), 1.0)


@pytest.mark.parametrize(("d", "dtype"), [(63, np.float64), (64, np.float32)])
def test_precision_goes_by_dimensions(d, dtype):
    assert points(np.random.default_rng(0).normal(size=(5, d))).rows.dtype == dtype


@pytest.mark.parametrize(("d", "error"), [(5, 1e-12), (100, 2e-6)])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_distances_are_scipys_whatever_the_offset(d, error, offset):
    rng = np.random.default_rng(0)
    X, Z = rng.normal(size=(40, d)), rng.normal(size=(30, d))
    moved = Points.of(Z + offset, (X + offset).mean(axis=0), 1.0)
    found = squared(moved, points(X + offset), 0.0)
    expected = cdist(Z, X, "sqeuclidean")
    tolerance = error if not offset else max(error, 1e-9)
    assert np.abs(found - expected).max() <= tolerance * expected.max() * 4


@pytest.mark.parametrize("d", [3, 100])
def test_equal_rows_are_at_no_distance(d):
    X = np.random.default_rng(1).normal(size=(200, d)) * 3
    doubled = points(np.vstack([X, X]))
    found = squared(doubled, doubled, 0.0)
    assert (np.diag(found) == 0).all()
    assert (np.diag(found[:200, 200:]) == 0).all()
    assert np.count_nonzero(found == 0) == 800


def test_lengths_beyond_single_precision_are_taken_in_double():
    X = np.random.default_rng(0).normal(size=(4, 80))
    far = Points.of(X * 1e30, np.zeros(80), 1.0)
    assert far.rows.dtype == np.float64
    found = squared(far, points(X), 0.0)
    assert np.isfinite(found).all()
    assert Points.of(X * 1e-40, np.zeros(80), 1e-40).lengths == pytest.approx((X**2).sum(axis=1))


@given(seed=st.integers(0, 1000), n=st.integers(1, 60), most=st.integers(1, 60))
@settings(deadline=None)
def test_an_even_choice_has_the_numbers_asked_for_and_no_order(seed, n, most):
    rng = np.random.default_rng(seed)
    lengths = rng.random(n)
    chosen = spread(lengths, most)
    assert len(set(chosen.tolist())) == min(n, most)
    order = rng.permutation(n)
    again = order[spread(lengths[order], most)]
    assert sorted(again) == sorted(chosen)
    ranks = np.sort(lengths.argsort().argsort()[chosen])
    assert (np.diff(ranks) <= np.ceil(n / min(n, most))).all()


def by_loops(squares, y, k, n_classes):
    votes = np.zeros((len(squares), n_classes))
    for i, row in enumerate(squares):
        edge = sorted(row)[k - 1] * (1 + 1e-6)
        for j in np.flatnonzero(row <= edge):
            votes[i, y[j]] += 1
    return votes


@pytest.mark.parametrize(("n", "d"), [(30, 4), (30, 70), (700, 70), (2100, 64)])
def test_neighbours_of_labelled_rows_in_blocks_are_those_by_loops(n, d):
    rng = np.random.default_rng(n)
    X, y = rng.normal(size=(n, d)), rng.integers(0, 3, n)
    P, asking = points(X), np.arange(n)[:: 1 if n < 2000 else -1][:2060]
    whole = cdist(X[asking], X)
    whole[np.arange(len(asking)), asking] = np.inf
    asked = P if n < 2000 else P[asking]
    measured = Distances(asked, P, 0.0, own=asking)
    found = near(measured, np.eye(3)[y], (1, 5), sums=True)
    assert found.nearest == pytest.approx(whole.min(axis=1) ** 2, rel=1e-5)
    for k in (1, 5):
        same = (found.votes[k] == by_loops(whole**2, y, k, 3)).all(axis=1)
        # In single precision a sixth may come so near to the fifth that both count.
        assert same.mean() >= (1 if measured.tie < 1e-6 else 0.99)
    whole[np.arange(len(asking)), asking] = 0
    assert found.sums == pytest.approx(whole @ np.eye(3)[y], rel=1e-5)
    rows, columns = np.array([3, 1]), np.array([0, 2, 5])
    some = Distances(P, P, 0.0).some(rows, columns)
    assert some == pytest.approx(cdist(X[rows], X[columns], "sqeuclidean"), rel=1e-4)


def test_no_more_distances_are_held_than_may_be_kept():
    X = np.zeros((3000, 2))
    P = points(X)
    sizes = [block.size for _, block in Distances(P, P, 0.0)]
    assert max(sizes) <= distances.BLOCK
    assert sum(sizes) == 3000**2


def test_rows_may_ask_in_any_order():
    X = np.random.default_rng(0).normal(size=(600, 3))
    P, order = points(X), np.random.default_rng(1).permutation(600)
    found = near(Distances(P[order], P, 0.0, own=order), np.ones((600, 1)))
    expected = near(Distances(P, P, 0.0, own=np.arange(600)), np.ones((600, 1)))
    assert found.nearest == pytest.approx(expected.nearest[order], rel=1e-9)


def test_fewer_neighbours_than_asked_for_all_vote():
    X = np.array([[0.0], [1.0], [5.0]])
    P = points(X)
    found = near(Distances(P, P, 0.0, own=np.arange(3)), np.eye(2)[[0, 1, 1]], (5,))
    assert found.votes[5].tolist() == [[0, 2], [1, 1], [1, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_passes_are_what_they_say_compiled_and_not(passes, dtype):
    rng = np.random.default_rng(0)
    X, Z = rng.normal(size=(40, 7)), rng.normal(size=(30, 7)) + 2
    out = np.empty(Z.shape, dtype=dtype)
    passes.take(Z, X[0], 0.5, out)
    assert out == pytest.approx((Z - X[0]) / 2, rel=1e-6, abs=1e-6)

    a, b = ((A**2).sum(axis=1).astype(dtype) for A in (Z, X))
    found = (Z @ X.T).astype(dtype)
    passes.finish(found, a, b, np.full(30, 20, dtype=dtype))
    expected = cdist(Z, X, "sqeuclidean")
    expected[expected <= 20] = 0
    assert (expected == 0).any()
    assert found == pytest.approx(expected, rel=1e-5)

    found[3, :9] = found[3, 9]
    found[4, 5] = np.inf
    for k in (1, 5, 40):
        assert (passes.kth(found, k) == np.sort(found, axis=1)[:, k - 1]).all()
    codes, edges = rng.integers(0, 3, 40), passes.kth(found, 5)
    votes = [[sum(row[codes == c] <= edge) for c in range(3)]
             for row, edge in zip(found, edges, strict=True)]  # fmt: skip
    assert passes.count(found, edges, codes, 4)[:, :3].tolist() == votes
    assert (passes.count(found, edges, codes, 4)[:, 3] == 0).all()
