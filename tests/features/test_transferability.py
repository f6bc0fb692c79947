"""LogME and H-score, against the papers' definitions written with dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf

from charz.features import h_score, logme
from charz.sample import Sample

SHAPES = [(30, 4, 3), (14, 40, 2), (20, 20, 4), (60, 8, 5)]
shapes = pytest.mark.parametrize(("n", "d", "k"), SHAPES)


def sample_of(n, d, k, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    X = rng.normal(size=(n, d)) + signal * rng.normal(size=(k, d))[y] + 0.5
    return Sample(X, y, X)


def evidence(F, y, a, b):
    """Return ln p(y | F, a, b): y is normal with mean 0 and covariance I/b + F F^T / a."""
    covariance = np.eye(len(y)) / b + F @ F.T / a
    return multivariate_normal(np.zeros(len(y)), covariance).logpdf(y)


def highest(F, y):
    """Maximise the evidence over ln a and ln b from several starts."""
    starts = [(x, z) for x in (-3.0, 0.0, 3.0) for z in (0.0, 3.0)]
    bounds = [(-12, 12), (-8, 12)]
    fits = [
        minimize(lambda v: -evidence(F, y, *np.exp(v)), start, bounds=bounds, method="L-BFGS-B")
        for start in starts
    ]
    return -min(fit.fun for fit in fits)


@shapes
def test_logme_is_the_maximum_of_the_evidence(n, d, k):
    sample = sample_of(n, d, k)
    expected = np.mean([highest(sample.X_train, sample.one_hot[:, c]) / n for c in range(k)])
    assert logme.compute(sample) == pytest.approx(expected, abs=2e-5)


def fixed_point(F, y):
    """Iterate the paper's Algorithm 1 to rest; return ln a, ln b and the evidence, equation 2."""
    n, d = F.shape
    A = F.T @ F
    s = np.clip(np.linalg.eigvalsh(A), 0, None)
    a = b = 1.0
    for _ in range(2000):
        gamma = (b * s / (a + b * s)).sum()
        m = np.linalg.solve(a * np.eye(d) + b * A, b * F.T @ y)
        rss = ((F @ m - y) ** 2).sum()
        a, b = gamma / (m @ m), (n - gamma) / rss
    m = np.linalg.solve(a * np.eye(d) + b * A, b * F.T @ y)
    rss = ((F @ m - y) ** 2).sum()
    logdet = np.linalg.slogdet(a * np.eye(d) + b * A)[1]
    value = n / 2 * np.log(b) + d / 2 * np.log(a) - n / 2 * np.log(2 * np.pi)
    return value - b / 2 * rss - a / 2 * (m @ m) - logdet / 2


@pytest.mark.parametrize(("n", "d", "k"), [(30, 4, 3), (60, 8, 5)])
def test_logme_agrees_with_the_papers_algorithm_run_to_rest(n, d, k):
    sample = sample_of(n, d, k)
    expected = np.mean([fixed_point(sample.X_train, sample.one_hot[:, c]) / n for c in range(k)])
    assert logme.compute(sample) == pytest.approx(expected, abs=2e-5)


def test_logme_starts_each_class_afresh_and_leaves_absent_ones_out():
    sample = sample_of(30, 4, 3)
    wider = Sample(sample.X_train, sample.y_train * 2, sample.X_eval, n_classes=7)
    assert logme.compute(wider) == pytest.approx(logme.compute(sample), abs=1e-12)


def test_logme_prefers_separated_classes():
    apart, mixed = (sample_of(60, 8, 3, signal=signal) for signal in (3, 0))
    assert logme.compute(apart) > logme.compute(mixed)


def class_mean_rows(sample):
    means = {c: sample.X_train[sample.y_train == c].mean(axis=0) for c in set(sample.y_train)}
    return np.array([means[c] for c in sample.y_train])


@shapes
def test_h_score_by_pseudo_inverse(n, d, k):
    sample = sample_of(n, d, k)
    whole = np.cov(sample.X_train.T, bias=True)
    between = np.cov(class_mean_rows(sample).T, bias=True)
    expected = np.trace(np.linalg.pinv(whole, rcond=1e-10) @ between)
    assert h_score.compute(sample)["plain"] == pytest.approx(expected, rel=1e-7)


@shapes
def test_shrunk_h_score_uses_ledoit_and_wolf(n, d, k):
    sample = sample_of(n, d, k)
    whole, shrinkage = ledoit_wolf(sample.X_train)
    between = (1 - shrinkage) * np.cov(class_mean_rows(sample).T, bias=True)
    expected = np.trace(np.linalg.solve(whole, between))
    assert 0 < shrinkage < 1
    assert h_score.compute(sample)["shrunk"] == pytest.approx(expected, rel=1e-7)


def test_the_plain_h_score_counts_classes_where_dimensions_abound():
    sample = sample_of(14, 40, 2, signal=0)
    scores = h_score.compute(sample)
    assert scores["plain"] == pytest.approx(1)
    assert scores["shrunk"] < 0.5
