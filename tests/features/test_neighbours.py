"""Leave-one-out classifiers, against refitting without each row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from charz.features import centroid_loo, knn_loo, ridge_loo
from charz.features._votes import credit
from charz.ridge import MOST
from charz.sample import Sample

seeds = st.integers(0, 10_000)


def sample_of(seed, n=24, d=4, k=3):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    X = rng.normal(size=(n, d)) + rng.normal(size=(k, d))[y]
    return Sample(X, y, X[:3], n_classes=k)


def without(sample, i):
    keep = np.arange(sample.n_train) != i
    return sample.X_train[keep], sample.y_train[keep]


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_one_neighbour_is_scikit_learns(seed):
    sample = sample_of(seed)
    right = [
        KNeighborsClassifier(1).fit(*without(sample, i)).predict(sample.X_train[i : i + 1])[0]
        == sample.y_train[i]
        for i in range(sample.n_train)
    ]
    assert knn_loo.compute(sample)["k1"] == pytest.approx(np.mean(right))


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_five_neighbours_share_tied_votes(seed):
    sample = sample_of(seed)
    shared = []
    for i in range(sample.n_train):
        model = KNeighborsClassifier(5).fit(*without(sample, i))
        shares = model.predict_proba(sample.X_train[i : i + 1])[0]
        winners = model.classes_[shares == shares.max()]
        shared.append((sample.y_train[i] in winners) / len(winners))
    assert knn_loo.compute(sample)["k5"] == pytest.approx(np.mean(shared))


def test_duplicates_at_the_edge_all_vote():
    X = np.array([[0.0], [1.0], [1.0], [1.0], [9.0]])
    sample = Sample(X, np.array([0, 0, 1, 1, 1]), X)
    # rows 0 and 4 see the three rows at 1, where class 1 wins; each of those sees the other two
    expected = (0 + (0 + 1 / 2 + 1 / 2) + 1) / 5
    assert knn_loo.compute(sample)["k1"] == pytest.approx(expected)


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_centroids_are_those_without_the_row(seed):
    sample = sample_of(seed, n=12)
    right = [
        NearestCentroid().fit(*without(sample, i)).predict(sample.X_train[i : i + 1])[0]
        == sample.y_train[i]
        for i in range(sample.n_train)
    ]
    assert centroid_loo.compute(sample) == pytest.approx(np.mean(right))


def test_a_class_of_one_row_has_no_centroid_without_it():
    sample = Sample([[0.0], [0.1], [5.0]], np.array([0, 0, 1]), [[0.0]])
    assert centroid_loo.compute(sample) == pytest.approx(2 / 3)


def refitted(sample, penalty):
    """Return the ridge predictions of each row by a fit to the others."""
    Y = np.eye(sample.n_classes)[sample.y_train]
    centred = sample.X_train - sample.X_train.mean(axis=0)
    alpha = penalty * (centred**2).sum(axis=1).mean()
    scores = np.empty_like(Y)
    for i in range(sample.n_train):
        keep = np.arange(sample.n_train) != i
        model = Ridge(alpha=alpha, solver="cholesky").fit(sample.X_train[keep], Y[keep])
        scores[i] = model.predict(sample.X_train[i : i + 1])[0]
    return scores


@pytest.mark.parametrize(("n", "d"), [(30, 4), (12, 40), (20, 20), (9, 1)])
def test_ridge_is_refitted_without_each_row_at_the_best_penalty(n, d):
    sample = sample_of(3, n=n, d=d)
    fits = [refitted(sample, penalty) for penalty in (1e-3, 1e-2, 1e-1, 1, 10, 100)]
    losses = [((scores - sample.one_hot) ** 2).sum(axis=1).mean() / 2 for scores in fits]
    found = ridge_loo.compute(sample)
    assert found["brier"] == pytest.approx(min(losses), rel=1e-7)
    best = fits[int(np.argmin(losses))]
    right = best.argmax(axis=1) == sample.y_train
    assert found["accuracy"] == pytest.approx(right.mean())


def test_ridge_finds_nothing_in_noise_of_many_dimensions():
    accuracies = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(40, 200))
        sample = Sample(X, rng.permutation(np.arange(40) % 2), X)
        accuracies.append(ridge_loo.compute(sample)["accuracy"])
    # 800 guesses; forgetting the intercept's leverage gives about 0.9
    assert np.mean(accuracies) < 0.55


def test_credit_goes_to_a_random_winner_on_average():
    scores = np.array([[3.0, 3.0, 1.0], [0.0, -1.0, -2.0], [1.0, 2.0, 2.0 + 1e-12]])
    assert credit(scores, np.array([1, 1, 1])).tolist() == [0.5, 0.0, 0.5]


def test_ridge_of_so_many_classes_that_penalties_go_one_by_one():
    sample = sample_of(5, n=600, d=5, k=100)
    assert sample.one_hot.size * 6 > MOST
    X, Y = sample.X_train - sample.X_train.mean(axis=0), sample.one_hot
    errors = []
    for penalty in (1e-3, 1e-2, 1e-1, 1, 10, 100):
        inner = X.T @ X + penalty * (X**2).sum() / 600 * np.eye(5)
        hat = 1 / 600 + X @ np.linalg.solve(inner, X.T)
        errors.append((Y - hat @ Y) / (1 - np.diag(hat))[:, None])
    best = min(errors, key=lambda E: (E**2).sum())
    found = ridge_loo.compute(sample)
    assert found["brier"] == pytest.approx((best**2).sum() / 1200, rel=1e-9)
    right = (Y - best).argmax(axis=1) == sample.y_train
    assert found["accuracy"] == pytest.approx(right.mean())
