"""The closed forms on numerically hard samples, against slow formulas in the plainest order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from charz.probes import centroid, knn, lda, ridge
from charz.probes._temperature import factor
from charz.records import Draw


def sample(n, n_dims, n_classes, seed=0):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n)])[:n]
    X = rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)) + 1
    return X, y, rng.normal(size=(40, n_dims)) + 1


def duplicates():
    X, y, E = sample(12, 5, 3)
    return np.tile(X, (3, 1)), np.tile(y, 3), E


def same_row_other_class():
    X, y, E = sample(20, 6, 2)
    return np.concatenate([X, X]), np.concatenate([y, 1 - y]), E


def constant_columns():
    X, y, E = sample(30, 8, 3)
    X[:, 3:6] = [0.0, 7.0, -1e3]
    E[:, 3:6] = [0.0, 7.0, -1e3]
    return X, y, E


def far_away():
    X, y, E = sample(30, 6, 3)
    return X + 1e4, y, E + 1e4


def uneven_columns():
    X, y, E = sample(60, 10, 3)
    scales = 10.0 ** np.linspace(-5, 1, 10)
    return X * scales, y, E * scales


CASES = {
    "plain": lambda: sample(40, 10, 4),
    "wide": lambda: sample(20, 90, 4),
    "square": lambda: sample(24, 24, 3),
    "one row per class": lambda: sample(9, 5, 9),
    "one row of each of two": lambda: sample(2, 7, 2),
    "many classes": lambda: sample(310, 30, 150),
    "many classes, wide": lambda: sample(170, 200, 150),
    "duplicates": duplicates,
    "same row, other class": same_row_other_class,
    "constant columns": constant_columns,
    "far away": far_away,
    "uneven columns": uneven_columns,
}
each_case = pytest.mark.parametrize("case", CASES)
each_scale = pytest.mark.parametrize("scale", [1e-6, 1e6])


def one(probe, X, y, E, **parameters):
    draw = Draw(np.arange(len(y)), y)
    (answer,) = probe.predict(X, [draw], [E], int(y.max()) + 1, **parameters)
    return answer


def refit(X, y, alpha, E):
    """Return ridge scores of ``E``, from the normal equations of the augmented rows."""
    Y, center = np.eye(int(y.max()) + 1)[y], X.mean(axis=0)
    stacked = np.concatenate([X - center, np.sqrt(alpha) * np.eye(X.shape[1])])
    target = np.concatenate([Y - Y.mean(axis=0), np.zeros((X.shape[1], Y.shape[1]))])
    W = np.linalg.lstsq(stacked, target, rcond=None)[0]
    return (E - center) @ W + Y.mean(axis=0)


def left_out(X, y, alpha, n_classes):
    S = np.zeros((len(y), n_classes))
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        Y = np.eye(n_classes)[y[rest]]
        center = X[rest].mean(axis=0)
        stacked = np.concatenate([X[rest] - center, np.sqrt(alpha) * np.eye(X.shape[1])])
        target = np.concatenate([Y - Y.mean(axis=0), np.zeros((X.shape[1], n_classes))])
        W = np.linalg.lstsq(stacked, target, rcond=None)[0]
        S[i] = (X[i] - center) @ W + Y.mean(axis=0)
    return S


@each_case
@pytest.mark.parametrize("alpha", [1e-6, 1e-3, 1.0])
def test_ridge(case, alpha):
    X, y, E = CASES[case]()
    unit = 1 / np.sqrt((X**2).sum(axis=1).mean())
    S = left_out(unit * X, y, alpha, int(y.max()) + 1)
    got = one(ridge, X, y, E, alpha=[alpha])
    t = factor(S, y)
    # Rounding of rows at a distance of 1e4 is all that is left of their digits.
    close = 1e-3 if case == "far away" else 1e-7
    np.testing.assert_allclose(got.cv_probabilities, softmax(t * S, axis=1), atol=close)
    whole = refit(unit * X, y, alpha, unit * E)
    np.testing.assert_allclose(got.probabilities[0], softmax(t * whole, axis=1), atol=close)


@each_case
def test_discriminant(case):
    X, y, E = CASES[case]()
    n, d = X.shape
    means = np.stack([X[y == k].mean(axis=0) for k in range(int(y.max()) + 1)])
    within = X - means[y]
    C = within.T @ within / n
    m = np.trace(C) / d
    got = one(lda, X, y, E)
    if m < 1e-20:
        S, a = np.eye(d), 1.0
    else:
        error = sum(((np.outer(x, x) - C) ** 2).sum() for x in within) / n**2
        spread = ((C - m * np.eye(d)) ** 2).sum()
        a = min(1.0, error / spread)
        S = (1 - a) * C + a * m * np.eye(d)
    assert got.chosen == pytest.approx(a, abs=1e-7)
    center = X.mean(axis=0)
    W = np.linalg.solve(S, (means - center).T)
    scores = (E - center) @ W - np.einsum("kd,dk->k", means - center, W) / 2
    expected = softmax(scores + np.log(np.bincount(y) / n), axis=1)
    np.testing.assert_allclose(got.probabilities[0], expected, atol=1e-5)


@each_case
def test_centroid(case):
    X, y, E = CASES[case]()
    n_classes = int(y.max()) + 1
    spread = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()
    S = np.full((len(y), n_classes), -np.inf)
    for i in range(len(y)):
        for k in range(n_classes):
            rest = (np.arange(len(y)) != i) & (y == k)
            if rest.any():
                S[i, k] = -((X[i] - X[rest].mean(axis=0)) ** 2).sum() / spread
    t = factor(S, y)
    got = one(centroid, X, y, E)
    np.testing.assert_allclose(got.cv_probabilities, softmax(t * S, axis=1), atol=1e-5)
    means = np.stack([X[y == k].mean(axis=0) for k in range(n_classes)])
    whole = -((E[:, None] - means) ** 2).sum(axis=2) / spread
    np.testing.assert_allclose(got.probabilities[0], softmax(t * whole, axis=1), atol=1e-5)


@each_case
def test_neighbours(case):
    X, y, E = CASES[case]()
    k, n = min(5, len(y) - 1), len(y)
    squared = ((E[:, None] - X) ** 2).sum(axis=2)
    got = one(knn, X, y, E, k=[k])
    kth = np.sort(squared, axis=1)[:, k - 1]
    votes = (k + 1) * got.probabilities[0] - np.bincount(y) / n
    np.testing.assert_allclose(votes, np.round(votes), atol=1e-9)
    # Whoever is nearer than the k-th votes, and nobody who is farther; between are the equals.
    slack = 1e-9 * (X**2).sum(axis=1).mean()
    for c in range(int(y.max()) + 1):
        sure = ((squared < kth[:, None] - slack) & (y == c)).sum(axis=1)
        possible = ((squared <= kth[:, None] + slack) & (y == c)).sum(axis=1)
        assert (sure <= np.round(votes[:, c])).all()
        assert (np.round(votes[:, c]) <= possible).all()


@pytest.mark.parametrize("probe", [centroid, knn, lda, ridge])
@each_case
@each_scale
def test_the_scale_does_not_matter(probe, case, scale):
    X, y, E = CASES[case]()
    if probe is lda and case.startswith("one row"):
        pytest.skip("without variation within classes the covariance is the identity, by rule")
    plain, scaled = one(probe, X, y, E), one(probe, scale * X, y, scale * E)
    if probe is not centroid:
        assert plain.chosen == pytest.approx(scaled.chosen, rel=1e-6)
    if probe is knn and case in ("duplicates", "same row, other class", "far away"):
        return  # which of equally distant rows is nearer is a matter of rounding
    close = 1e-3 if case == "far away" else 1e-5
    np.testing.assert_allclose(scaled.probabilities[0], plain.probabilities[0], atol=close)


@pytest.mark.parametrize("probe", [centroid, lda, ridge])
def test_rows_that_do_not_vary_say_nothing_but_frequencies_or_nothing(probe):
    y = np.array([0, 0, 0, 1, 1, 2])
    got = one(probe, np.full((6, 4), 3.3), y, np.full((2, 4), 3.3))
    P = got.probabilities[0]
    assert (P[0] == P[1]).all()
    even = np.allclose(P[0], 1 / 3, atol=1e-9)
    assert even if probe is centroid else P[0].argmax() == 0


def test_ridge_at_a_vanishing_alpha_leaves_out_as_a_plain_fit_does():
    X, y, _ = sample(40, 6, 3)
    got = one(ridge, X, y, X, alpha=[1e-12])
    S = left_out(X, y, 0.0, 3)
    t = factor(S, y)
    expected = log_softmax(t * S, axis=1)
    np.testing.assert_allclose(np.log(got.cv_probabilities), expected, atol=1e-6)


def test_a_discriminant_of_classes_that_do_not_vary_has_the_identity():
    rng = np.random.default_rng(0)
    means, y = 0.1 * rng.normal(size=(3, 7)) + 0.3, np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    E = 0.1 * rng.normal(size=(9, 7))
    scores = -((E[:, None] - means) ** 2).sum(axis=2) / 2 + np.log(np.bincount(y) / len(y))
    got = one(lda, means[y], y, E)
    # The mean of equal rows may differ from them by rounding: that is no variation.
    assert got.chosen == 1
    np.testing.assert_allclose(got.probabilities[0], softmax(scores, axis=1), atol=1e-9)
