"""What is known of eval rows, against distances taken one pair at a time."""

import math

import numpy as np
import pytest

from charz.regions import _rows
from charz.sample import Sample


def drawn(seed=0, n=40, m=30, d=5):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    X, Z = rng.normal(size=(n, d)) + y[:, None], 2 * rng.normal(size=(m, d)) + 1
    return X, y, Z


def slow(X, Z, quantile):
    """Return nearest distances, radius and covered rows, by loops."""
    own = sorted(min(math.dist(a, b) for j, b in enumerate(X) if j != i) for i, a in enumerate(X))
    radius = own[math.ceil(quantile * len(own)) - 1]
    nearest = np.array([min(math.dist(z, x) for x in X) for z in Z])
    return nearest, radius, nearest <= radius * (1 + 1e-9)


@pytest.mark.parametrize("quantile", [0.5, 0.95, 1.0])
def test_radius_and_nearest_are_those_of_brute_force(quantile):
    X, y, Z = drawn()
    found = _rows.describe(Sample(X, y, Z), quantile)
    nearest, radius, covered = slow(X, Z, quantile)
    np.testing.assert_allclose(found.nearest, nearest, rtol=1e-9)
    assert found.radius == pytest.approx(radius, rel=1e-9)
    assert found.covered.tolist() == covered.tolist()


def test_neighbours_say_what_a_loop_says():
    X, y, Z = drawn(1)
    sample = Sample(X, y, Z)
    found = _rows.describe(sample)
    named = dict(zip(_rows.NAMES, found.facts.T, strict=True))
    right = sample.head.cv_probabilities.argmax(axis=1) == y
    for row, z in enumerate(Z):
        near = sorted(range(len(X)), key=lambda i: math.dist(X[i], z))[: _rows.NEIGHBOURS]
        votes = np.mean([y[i] == found.choice[row] for i in near])
        assert named["votes"][row] == pytest.approx(votes)
        assert named["near_right"][row] == pytest.approx(
            (right[near].sum() + 2 * right.mean()) / (len(near) + 2)
        )
    assert found.right.tolist() == right.tolist()


def test_what_the_probe_says_is_out_of_fold_for_labelled_rows():
    X, y, Z = drawn(4)
    sample = Sample(X, y, Z)
    said = _rows.describe(sample).said
    sides = (sample.head.cv_probabilities, sample.head.probabilities[0])
    for row, p in zip(said, (p for side in sides for p in side), strict=True):
        logs = [math.log(max(each, 1e-3)) for each in p]
        np.testing.assert_allclose(row, np.array(logs) - sum(logs) / len(logs), atol=1e-5)


def test_turned_moved_and_stretched_rows_are_the_same_rows():
    X, y, Z = drawn(2)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 5)))[0]
    first = _rows.describe(Sample(X, y, Z))
    second = _rows.describe(Sample(7 * X @ turn + 3, y, 7 * Z @ turn + 3))
    assert second.covered.tolist() == first.covered.tolist()
    assert second.radius == pytest.approx(7 * first.radius)
    distances = slice(0, 4)
    np.testing.assert_allclose(second.facts[:, distances], first.facts[:, distances], atol=1e-6)


def test_duplicates_and_two_rows_have_finite_facts():
    same = np.ones((6, 3))
    found = _rows.describe(Sample(same, [0, 1] * 3, same[:2]))
    assert found.covered.all()
    assert np.isfinite(found.facts).all()
    pair = _rows.describe(Sample([[0.0], [1.0]], [0, 1], [[0.5], [9.0]]))
    assert pair.covered.tolist() == [True, False]
    assert np.isfinite(pair.facts).all()
