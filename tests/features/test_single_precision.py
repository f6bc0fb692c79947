"""From 64 dimensions on products are in single precision: values against slow formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

from charz import shelf
from charz.features import coverage, eval_radius, knn_loo, mmd, participation_ratio, ridge_loo
from charz.features import silhouette as silhouette_
from charz.features.mmd import median
from charz.sample import Sample

FEATURES = shelf.items("features")


def sample_of(n, m=60, d=80, k=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    axes = np.arange(1, d + 1) ** -0.5
    X = (rng.normal(size=(n, d)) + rng.normal(size=(k, d))[y]) * axes + 3
    return Sample(X, y, rng.normal(size=(m, d)) * axes + 3.1, n_classes=k)


sizes = pytest.mark.parametrize("n", [40, 120, 800])


@sizes
def test_silhouette_is_scikit_learns(n):
    sample = sample_of(n)
    expected = silhouette_score(sample.X_train, sample.y_train)
    assert silhouette_.compute(sample) == pytest.approx(expected, abs=1e-6)


@sizes
def test_neighbours_and_radii_are_scipys(n):
    sample = sample_of(n)
    own = cdist(sample.X_train, sample.X_train) + np.diag(np.full(n, np.inf))
    away = cdist(sample.X_eval, sample.X_train).min(axis=1)
    nearest = np.sort(own.min(axis=1))
    expected = np.median(away) / np.median(nearest)
    assert eval_radius.compute(sample) == pytest.approx(expected, rel=1e-5)
    within = (away <= nearest[int(np.ceil(0.95 * n)) - 1]).mean()
    assert coverage.compute(sample) == pytest.approx(within)
    right = sample.y_train[own.argmin(axis=1)] == sample.y_train
    assert knn_loo.compute(sample)["k1"] == pytest.approx(right.mean())


def test_neighbours_of_many_rows_are_those_of_an_even_choice_among_all():
    sample = sample_of(2500)
    assert len(sample.asking) == 2048
    model = KNeighborsClassifier(2).fit(sample.X_train, sample.y_train)
    second = model.kneighbors(sample.X_train[sample.asking])[1][:, 1]
    right = sample.y_train[second] == sample.y_train[sample.asking]
    assert knn_loo.compute(sample)["k1"] == pytest.approx(right.mean(), abs=1e-3)


@sizes
def test_mmd_by_all_pairs(n):
    sample = sample_of(n)
    X, Z = sample.X_train, sample.X_eval
    between = cdist(Z, X, "sqeuclidean")
    kernels = [np.exp(-cdist(A, A, "sqeuclidean") / np.median(between)) for A in (X, Z)]
    means = [(K.sum() - len(K)) / (len(K) * (len(K) - 1)) for K in kernels]
    expected = sum(means) - 2 * np.exp(-between / np.median(between)).mean()
    assert mmd.compute(sample) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [40, 120])
def test_ridge_is_refitted_without_each_row(n):
    sample = sample_of(n)
    X, Y = sample.X_train, sample.one_hot
    mean_square = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()
    losses = []
    for penalty in (1e-3, 1e-2, 1e-1, 1, 10, 100):
        errors = []
        for i in range(n):
            keep = np.arange(n) != i
            model = Ridge(alpha=penalty * mean_square, solver="cholesky").fit(X[keep], Y[keep])
            errors.append(((model.predict(X[i : i + 1])[0] - Y[i]) ** 2).sum() / 2)
        losses.append(np.mean(errors))
    assert ridge_loo.compute(sample)["brier"] == pytest.approx(min(losses), rel=1e-5)


def test_participation_ratio_counts_as_many_eval_rows_as_training_rows():
    sample = sample_of(150, m=400)
    values = np.linalg.eigvalsh(np.cov(sample.X_eval[sample.counted].T))
    expected = values.sum() ** 2 / (values**2).sum()
    assert participation_ratio.compute(sample)["eval"] == pytest.approx(expected, rel=1e-5)


@given(seed=st.integers(0, 1000), n=st.sampled_from([1, 2, 4097, 20000, 40001]))
@settings(deadline=None, max_examples=20)
def test_the_quick_median_is_numpys(seed, n):
    rng = np.random.default_rng(seed)
    for values in (rng.random(n), np.sort(rng.random(n)), rng.integers(0, 3, n) * 1.0):
        assert median(values) == pytest.approx(float(np.median(values)), abs=1e-12)


def claims():
    return [
        pytest.param(name, claim, id=f"{name}-{claim}")
        for name, item in FEATURES.items()
        for claim in sorted(item.INVARIANT)
    ]


@pytest.mark.parametrize(("name", "claim"), claims())
@pytest.mark.parametrize("n", [12, 50, 130])
def test_what_is_claimed_invariant_is(name, claim, n):
    sample, rng = sample_of(n, seed=n), np.random.default_rng(n)
    X, y, Z = sample.X_train, sample.y_train, sample.X_eval
    order, Q = rng.permutation(n), np.linalg.qr(rng.normal(size=(80, 80)))[0]
    changed = {
        "rows": lambda: (X[order], y[order], Z[::-1]),
        "rotation": lambda: (X @ Q, y, Z @ Q),
        "shift": lambda: (X + Q[0] * 5, y, Z + Q[0] * 5),
        "scale": lambda: (X * 1e-5, y, Z * 1e-5),
        "labels": lambda: (X, np.array([2, 0, 1])[y], Z),
    }
    after = FEATURES[name].compute(Sample(*changed[claim](), n_classes=3))
    before = FEATURES[name].compute(sample)
    if isinstance(before, float):
        before, after = {"": before}, {"": after}
    assert after == pytest.approx(before, rel=1e-5, abs=1e-6)
