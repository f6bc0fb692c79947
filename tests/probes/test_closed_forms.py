"""Every closed form against the explicit thing: refits without a row, scikit-learn, loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from charz.errors import InputError
from charz.metrics import log_loss
from charz.probes import centroid, knn, lda, majority, ridge
from charz.probes._logistic.folds import assign
from charz.probes._temperature import factor, softmax
from charz.records import Draw

seeds = st.integers(0, 2**32 - 1)


def problem(seed, n=24, n_dims=6, n_classes=3):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.tile(np.arange(n_classes), 2), rng.integers(0, n_classes, n)])[:n]
    X = rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)) + 2
    return X, y


def one(probe, X, y, X_eval, n_classes=3, **parameters):
    draw = Draw(np.arange(len(y)), y)
    (answer,) = probe.predict(X, [draw], [X_eval], n_classes, **parameters)
    return answer


def least_factor(S, y):
    """Return the best factor by SciPy's bounded search in its logarithm."""
    found = minimize_scalar(lambda u: smoothed(np.exp(u), S, y), bounds=(-9, 9), method="bounded")
    return np.exp(found.x)


def smoothed(t, S, y):
    """Return the log-loss with one row more, its label spread evenly over the classes."""
    L = log_softmax(t * S, axis=1)
    return -(L[np.arange(len(y)), y].sum() + L.mean(axis=1).mean())


@given(seeds, st.sampled_from([3, 40]), st.sampled_from([0.001, 0.1, 10.0]))
@settings(deadline=None, max_examples=12)
def test_ridge_left_out_scores_are_those_of_refits(seed, n_dims, alpha):
    X, y = problem(seed, n_dims=n_dims)
    X = X / np.sqrt((X**2).sum(axis=1).mean())
    S = np.zeros((len(y), 3))
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        # A refit on fewer rows keeps this draw's one-hot columns and scale.
        S[i] = Ridge(alpha=alpha).fit(X[rest], np.eye(3)[y[rest]]).predict(X[i : i + 1])[0]
    got = one(ridge, X, y, X, alpha=[alpha])
    t = factor(S, y)
    np.testing.assert_allclose(np.log(got.cv_probabilities), log_softmax(t * S, axis=1), atol=1e-4)
    whole = Ridge(alpha=alpha).fit(X, np.eye(3)[y]).predict(X)
    np.testing.assert_allclose(np.log(got.probabilities[0]), log_softmax(t * whole, 1), atol=1e-4)


@given(seeds, st.sampled_from([3, 40]))
@settings(deadline=None, max_examples=5)
def test_ridge_chooses_the_alpha_of_the_least_left_out_error(seed, n_dims):
    X, y = problem(seed, n_dims=n_dims)
    unit = X / np.sqrt((X**2).sum(axis=1).mean())
    errors = {}
    for alpha in ridge.PARAMETERS["alpha"]:
        errors[alpha] = 0.0
        for i in range(len(y)):
            rest = np.arange(len(y)) != i
            model = Ridge(alpha=alpha).fit(unit[rest], np.eye(3)[y[rest]])
            errors[alpha] += ((model.predict(unit[i : i + 1])[0] - np.eye(3)[y[i]]) ** 2).sum()
    chosen = one(ridge, X, y, X).chosen
    assert errors[chosen] <= min(errors.values()) * (1 + 1e-9)


@given(seeds)
@settings(deadline=None, max_examples=12)
def test_neighbours_left_out_are_those_of_refits(seed):
    X, y = problem(seed)
    P = {}
    for k in (1, 3, 7):
        P[k] = np.zeros((len(y), 3))
        for i in range(len(y)):
            rest = np.arange(len(y)) != i
            model = KNeighborsClassifier(k).fit(X[rest], y[rest])
            votes = k * model.predict_proba(X[i : i + 1])[0]
            P[k][i] = (votes + np.bincount(y[rest], minlength=3) / (len(y) - 1)) / (k + 1)
    got = one(knn, X, y, X, k=(1, 3, 7))
    losses = {k: log_loss(P[k], y) for k in P}
    assert losses[int(got.chosen)] == pytest.approx(min(losses.values()))
    np.testing.assert_allclose(got.cv_probabilities, P[int(got.chosen)], atol=1e-12)


@given(seeds, st.sampled_from([1, 2, 5, 23, 24]))
@settings(deadline=None, max_examples=10)
def test_neighbours_of_new_rows_are_those_of_scikit_learn(seed, k):
    X, y = problem(seed)
    E = np.random.default_rng(seed).normal(size=(1100, 6)) + 2
    got = one(knn, X, y, E, k=[k])
    k = min(k, len(y) - 1)
    assert got.chosen == k
    votes = k * KNeighborsClassifier(k).fit(X, y).predict_proba(E)
    expected = (votes + np.bincount(y, minlength=3) / len(y)) / (k + 1)
    np.testing.assert_allclose(got.probabilities[0], expected, atol=1e-12)


def test_among_equally_distant_rows_the_earlier_is_nearer():
    X = np.array([[1.0], [-1.0]] * 8)
    y = np.arange(16) % 4
    got = one(knn, X, y, np.array([[0.0]]), n_classes=4, k=[5])
    votes = np.bincount(y[:5], minlength=4)
    np.testing.assert_allclose(got.probabilities[0][0], (votes + 0.25) / 6)


@given(seeds, st.sampled_from([2, 30]))
@settings(deadline=None, max_examples=12)
def test_centroids_left_out_are_those_of_refits(seed, n_dims):
    X, y = problem(seed, n=14, n_dims=n_dims)
    S = np.zeros((len(y), 3))
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        means = np.stack([X[rest & (y == k)].mean(axis=0) for k in range(3)])
        S[i] = -((X[i] - means) ** 2).sum(axis=1)
    got = one(centroid, X, y, X)
    t = factor(S, y)
    np.testing.assert_allclose(got.cv_probabilities, np.exp(log_softmax(t * S, 1)), atol=1e-6)
    means = np.stack([X[y == k].mean(axis=0) for k in range(3)])
    whole = -((X[:, None] - means) ** 2).sum(axis=2)
    np.testing.assert_allclose(got.probabilities[0], np.exp(log_softmax(t * whole, 1)), atol=1e-6)


def test_scores_that_are_never_wrong_do_not_make_certain():
    S, y = np.eye(3)[np.arange(30) % 3], np.arange(30) % 3
    P = np.exp(log_softmax(factor(S, y) * S, axis=1))
    assert 0.97 < P.max() < 0.999


def test_a_class_of_one_row_is_gone_when_that_row_is_left_out():
    X, y = np.array([[0.0], [1.0], [4.0], [5.0], [9.0]]), np.array([0, 0, 1, 1, 2])
    got = one(centroid, X, y, X)
    assert got.cv_probabilities[4, 2] == 0
    assert got.probabilities[0][4].argmax() == 2


@given(seeds)
@settings(deadline=None, max_examples=50)
def test_the_factor_on_scores_has_the_least_log_loss(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, size=60)
    S = 2 * np.eye(3)[y] + 3 * rng.normal(size=(60, 3))
    got, best = factor(S, y), least_factor(S, y)
    assert smoothed(got, S, y) <= smoothed(best, S, y) + 1e-9
    # Scaling scores is scaling the factor.
    assert factor(100 * S, y) == pytest.approx(got / 100, rel=1e-6)


@given(seeds, st.sampled_from([2, 16, 17, 40]), st.sampled_from([0.0, 0.3, 6.0]))
@settings(deadline=None, max_examples=60)
def test_the_factor_copes_with_any_number_of_classes_and_any_skill(seed, n_classes, skill):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, size=80)
    S = skill * np.eye(n_classes)[y] + rng.normal(size=(80, n_classes))
    own = S[np.arange(80), y].copy()
    S[rng.random(S.shape) < 0.1] = -np.inf
    S[np.arange(80), y] = own
    S[:3, :][np.arange(3), y[:3]] = -np.inf
    # Rows whose own score is -inf say nothing; other scores of -inf have no probability.
    known, codes = S[3:], y[3:]
    got = factor(S, y)
    margins = np.where(np.isfinite(known), known - known[np.arange(77), codes][:, None], 0)

    def loss(t):
        L = special.logsumexp(t * (known - known[np.arange(77), codes][:, None]), axis=1)
        return (1 + 1 / 77) * L.sum() - t * margins.mean()

    spread = np.sqrt((margins**2).mean())
    found = minimize_scalar(
        lambda u: loss(np.exp(u) / spread),
        bounds=(-8, 8),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert loss(got) <= loss(np.exp(found.x) / spread) + 1e-9
    assert np.exp(-8.01) <= got * spread <= np.exp(8.01)


@given(seeds, st.sampled_from([1, 2, 16, 17, 60]), st.sampled_from([1.0, 1e3]))
@settings(deadline=None, max_examples=30)
def test_softmax_is_scipys(seed, n_classes, scale):
    S = scale * np.random.default_rng(seed).normal(size=(50, n_classes))
    S[:, 1:][S[:, 1:] > scale] = -np.inf
    np.testing.assert_allclose(softmax(S), special.softmax(S, axis=1), atol=1e-14)
    np.testing.assert_allclose(
        softmax(S.reshape(5, 10, -1)).reshape(50, -1), softmax(S), atol=1e-14
    )


@given(seeds, st.sampled_from([(30, 4), (30, 60), (12, 200)]))
@settings(deadline=None, max_examples=20)
def test_the_discriminant_is_scikit_learns_at_its_own_intensity(seed, shape):
    X, y = problem(seed, *shape)
    got = one(lda, X, y, X)
    within = X - np.stack([X[y == k].mean(axis=0) for k in range(3)])[y]
    covariance, a = ledoit_wolf(within, assume_centered=True)
    assert got.chosen == pytest.approx(a, abs=1e-9)
    model = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Given(covariance)).fit(
        X, y
    )
    np.testing.assert_allclose(got.probabilities[0], model.predict_proba(X), atol=1e-6)


@given(seeds, st.sampled_from([(30, 4), (30, 60), (11, 5)]), st.sampled_from([2, 5, 40]))
@settings(deadline=None, max_examples=20)
def test_the_discriminant_leaves_out_by_refits(seed, shape, folds):
    X, y = problem(seed, *shape)
    P = one(lda, X, y, X, folds=folds).cv_probabilities
    fold = assign(y, folds)
    for each in range(fold.max() + 1):
        kept, others = fold != each, fold == each
        (expected,) = one(lda, X[kept], y[kept], X[others], folds=0).probabilities
        np.testing.assert_allclose(P[others], expected, atol=1e-9)
    assert one(lda, X, y, X, folds=0).cv_probabilities is None


def test_a_discriminant_knows_no_class_that_its_fold_left_out():
    X, y = np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])
    np.testing.assert_array_equal(one(lda, X, y, X, 2).cv_probabilities[2], [1, 0])
    with pytest.raises(InputError, match="folds"):
        one(lda, X, y, X, folds=1)


class Given:
    """A covariance estimator whose answer is known; scikit-learn asks it class by class."""

    def __init__(self, covariance):
        self.covariance_ = covariance

    def fit(self, X):
        return self


def test_majority_left_out_frequencies_are_those_of_the_other_rows():
    y = np.array([0, 0, 0, 1, 2, 2])
    got = one(majority, np.zeros((6, 1)), y, np.zeros((2, 1)))
    for i in range(6):
        rest = np.delete(y, i)
        np.testing.assert_allclose(got.cv_probabilities[i], np.bincount(rest, minlength=3) / 5)
    np.testing.assert_allclose(got.probabilities[0], [[0.5, 1 / 6, 1 / 3]] * 2)
