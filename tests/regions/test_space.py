"""Regions: found where rows lie apart, whatever the order and the axes."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from charz.regions import _space


def islands(seed=0, sizes=(50, 40, 30), d=40):
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = 30 * rng.normal(size=(len(sizes), d))
    return centres[truth] + rng.normal(size=(len(truth), d)), truth


def test_islands_are_regions_numbered_by_size():
    Z, truth = islands()
    space = _space.divide(Z[::10], Z, 3)
    assert adjusted_rand_score(truth, space.eval_region) == 1
    assert np.bincount(space.eval_region).tolist() == [50, 40, 30]
    assert space.train_region.tolist() == space.eval_region[::10].tolist()


def test_no_order_and_no_rotation_changes_a_region():
    rng = np.random.default_rng(1)
    X, Z = rng.normal(size=(60, 8)) ** 3, rng.normal(size=(200, 8)) ** 3
    first = _space.divide(X, Z, 6)
    order, turn = rng.permutation(200), np.linalg.qr(rng.normal(size=(8, 8)))[0]
    second = _space.divide(X[::-1] @ turn + 5, Z[order] @ turn + 5, 6)
    assert second.eval_region.tolist() == first.eval_region[order].tolist()
    assert second.train_region.tolist() == first.train_region[::-1].tolist()
    np.testing.assert_allclose(second.eval[:, :2], first.eval[order][:, :2], atol=1e-8)


def test_axes_are_those_of_scikit_learn_but_for_their_ends():
    X = np.random.default_rng(2).normal(size=(90, 12)) * np.arange(1, 13)
    ours, theirs = _space.principal(X), PCA().fit_transform(X)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-8)


@pytest.mark.parametrize(("apart", "divides"), [(0.01, False), (2.0, True)])
def test_only_a_probe_that_says_something_divides_rows(apart, divides):
    X = np.random.default_rng(5).normal(size=(120, 4))
    said = np.repeat([[apart, -apart], [-apart, apart]], 60, axis=0)
    space = _space.divide(X[:60], X[60:], 2, said, weight=1.0)
    shared = set(space.train_region) & set(space.eval_region)
    assert (not shared) is divides


def test_no_region_is_better_left_for_another():
    X, _ = islands(3, (80, 80, 80, 80), 3)
    X[:, :] = X / 30 + np.random.default_rng(4).normal(size=X.shape)
    space = _space.divide(X[:40], X[40:], 5)
    Z = np.vstack([space.train, space.eval])
    regions = np.concatenate([space.train_region, space.eval_region])
    centres = np.array([Z[regions == each].mean(axis=0) for each in range(space.n_regions)])
    away = ((Z[:, None] - centres) ** 2).sum(axis=2)
    assert (away.argmin(axis=1) == regions).all()


@pytest.mark.parametrize("n_regions", [1, 2, 50])
def test_rows_that_do_not_differ_are_one_region(n_regions):
    space = _space.divide(np.ones((3, 4)), np.ones((5, 4)), n_regions)
    assert space.n_regions == 1
    assert not space.eval_region.any()


def test_what_the_probe_says_parts_rows_that_positions_do_not():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(120, 30))
    answer = np.arange(120) % 2
    said = 10 * np.column_stack([answer, -answer]) + 0.01 * rng.normal(size=(120, 2))
    space = _space.divide(X[:20], X[20:], 2, said)
    assert adjusted_rand_score(answer[20:], space.eval_region) > 0.9
    alone = _space.divide(X[:20], X[20:], 2)
    assert adjusted_rand_score(answer[20:], alone.eval_region) < 0.2
    silent = _space.divide(X[:20], X[20:], 2, np.ones((120, 2)))
    assert silent.eval_region.tolist() == alone.eval_region.tolist()
    np.testing.assert_allclose(space.eval, alone.eval)
