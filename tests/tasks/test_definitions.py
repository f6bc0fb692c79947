"""Task embeddings against slow computations that share nothing with them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from charz.errors import InputError
from charz.tasks import class_means, fisher


def softmax_log(W, b, x, label):
    scores = W @ x + b
    largest = scores.max()
    return scores[label] - largest - np.log(np.exp(scores - largest).sum())


def slow_information(W, b, X, y, step=1e-5):
    """Return the mean squared derivative of each row's log probability, by finite differences."""
    total = np.zeros(X.shape[1])
    for x, label in zip(X, y, strict=True):
        for j in range(X.shape[1]):
            move = np.zeros(X.shape[1])
            move[j] = step
            rise = softmax_log(W, b, x + move, label) - softmax_log(W, b, x - move, label)
            total[j] += (rise / (2 * step)) ** 2
    return total / len(X)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_information_is_the_mean_squared_gradient(k):
    rng = np.random.default_rng(k)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, k, 30)
    W, b = rng.normal(size=(k, 4)), rng.normal(size=k)
    scores = X @ W.T + b
    P = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert fisher.information(W, P, y) == pytest.approx(slow_information(W, b, X, y), rel=1e-6)


@pytest.mark.parametrize("k", [2, 3])
def test_fisher_is_that_of_scikit_learns_probe(k):
    rng = np.random.default_rng(k)
    y = np.arange(60) % k
    X = rng.normal(size=(60, 4)) + 2 * np.eye(k, 4)[y]
    unit = np.sqrt((X**2).sum(axis=1).mean())
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X / unit, y)
    W, b = model.coef_ / unit, model.intercept_
    if k == 2:
        W, b = np.vstack([np.zeros(4), W]), np.array([0.0, b[0]])
    assert fisher.embed(X, y, k) == pytest.approx(slow_information(W, b, X, y), rel=5e-3)


def test_absent_classes_change_nothing_and_one_class_is_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = np.arange(20) % 2
    assert fisher.embed(X, 3 * y, 4) == pytest.approx(fisher.embed(X, y, 2), rel=1e-3)
    with pytest.raises(InputError, match="one class"):
        fisher.embed(X, np.zeros(20, dtype=int), 2)


def test_class_means_of_two_classes_are_half_their_difference():
    X = np.random.default_rng(1).normal(size=(9, 3))
    y = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1])
    half = (X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)) / 2
    assert class_means.embed(X, y, 2) == pytest.approx(np.concatenate([-half, half]))
    assert class_means.embed(X, y, 3)[6:] == pytest.approx(np.zeros(3))
