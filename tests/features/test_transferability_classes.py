"""Scores of classes in principal axes and by distances, against slow formulas."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.spatial.distance import cdist, pdist
from scipy.special import gammaln, psi
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from charz.features import gbc, nleep, parc, sfda, tmi, transrate
from charz.sample import Sample

SHAPES = [(30, 4, 3), (14, 40, 2), (90, 70, 4), (70, 90, 5), (200, 6, 3), (9, 1, 2)]
shapes = pytest.mark.parametrize(("n", "d", "k"), SHAPES)
FEATURES = [transrate, gbc, parc, tmi, sfda, nleep]
every = pytest.mark.parametrize("feature", FEATURES, ids=lambda item: item.__name__)


def sample_of(n, d, k, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    X = rng.normal(size=(n, d)) * np.linspace(1, 2, d) + signal * rng.normal(size=(k, d))[y] + 0.5
    return Sample(X, y, X)


def axes_of(sample):
    """Return the rows in at most 32 principal axes, over their root mean square length."""
    X = sample.X_train
    unit = np.sqrt(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    return PCA(min(32, len(X) - 1, X.shape[1]), svd_solver="full").fit_transform(X) / unit


@shapes
def test_principal_rows_are_scikit_learns_up_to_signs(n, d, k):
    sample = sample_of(n, d, k)
    expected = axes_of(sample)
    assert sample.principal.shape == expected.shape
    np.testing.assert_allclose(np.abs(sample.principal), np.abs(expected), atol=1e-9)


def rate(A):
    return np.linalg.slogdet(np.eye(A.shape[1]) + A.T @ A / (1e-4 * len(A)))[1] / 2


@shapes
def test_transrate_by_determinants(n, d, k):
    sample = sample_of(n, d, k)
    Z, y = axes_of(sample), sample.y_train
    expected = rate(Z) - sum((y == c).mean() * rate(Z[y == c]) for c in range(k))
    assert transrate.compute(sample) == pytest.approx(expected, rel=1e-8)


@shapes
def test_gbc_by_dense_covariances(n, d, k):
    sample = sample_of(n, d, k)
    Z, y = axes_of(sample), sample.y_train
    added = 1e-3 * (Z**2).mean() * np.eye(Z.shape[1])
    means = [Z[y == c].mean(axis=0) for c in range(k)]
    spreads = [np.diag(Z[y == c].var(axis=0)) + added for c in range(k)]
    total = 0.0
    for i in range(k):
        for j in set(range(k)) - {i}:
            both, move = (spreads[i] + spreads[j]) / 2, means[i] - means[j]
            logs = [np.linalg.slogdet(S)[1] for S in (both, spreads[i], spreads[j])]
            away = move @ np.linalg.solve(both, move) / 8
            total += math.exp(-away - (logs[0] - (logs[1] + logs[2]) / 2) / 2)
    assert gbc.compute(sample) == pytest.approx(-total, rel=1e-7)


@shapes
def test_parc_is_scipys_rank_correlation(n, d, k):
    sample = sample_of(n, d, k)
    X, y = sample.X_train, sample.y_train
    if n > parc.MOST:
        order = np.argsort(((X - X.mean(axis=0)) ** 2).sum(axis=1))
        chosen = order[np.arange(parc.MOST) * n // parc.MOST]
        X, y = X[chosen], y[chosen]
    expected = spearmanr(pdist(X), pdist(y[:, None]) > 0)[0]
    assert parc.compute(sample) == pytest.approx(expected, abs=1e-9)


def test_parc_ties_equal_distances():
    X = np.random.default_rng(0).integers(0, 3, (20, 3)) / 3
    y = np.arange(20) % 2
    squares = (3 * X).round()
    expected = spearmanr(pdist(squares, "sqeuclidean").round(), pdist(y[:, None]) > 0)[0]
    assert parc.compute(Sample(X, y, X)) == pytest.approx(expected, abs=1e-9)


@shapes
def test_tmi_by_all_distances(n, d, k):
    sample = sample_of(n, d, k)
    X, y = sample.X_train, sample.y_train
    unit = np.sqrt(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    expected = 0.0
    for c in range(k):
        rows = X[y == c] / unit
        far = np.sort(cdist(rows, rows), axis=1)[:, 3]
        volume = d / 2 * math.log(math.pi) - gammaln(d / 2 + 1)
        entropy = d * np.log(far).mean() + psi(len(rows)) - psi(3) + volume
        expected += len(rows) / n * entropy / d
    assert tmi.compute(sample) == pytest.approx(expected, abs=1e-6)


def test_tmi_finds_the_entropy_of_normal_classes():
    rng = np.random.default_rng(0)
    y = np.arange(1000) % 2
    sample = Sample(rng.normal(size=(1000, 2)), y, np.zeros((1, 2)))
    normal = math.log(2 * math.pi * math.e) / 2 - math.log(sample.unit)
    assert tmi.compute(sample) == pytest.approx(normal, abs=0.05)


def fisher(Z, y, k, a):
    """Return p, by the source's projection on all axes of the regularised Fisher problem."""
    means = np.array([Z[y == c].mean(axis=0) for c in range(k)])
    within = np.cov((Z - means[y]).T, bias=True).reshape(Z.shape[1], -1)
    between = np.cov(means[y].T, bias=True).reshape(within.shape)
    U = eigh(between, (1 - a) * within + a * np.eye(len(within)))[1]
    scores = (Z @ U) @ (means @ U).T - ((means @ U) ** 2).sum(axis=1) / 2
    scores = np.exp(scores) * np.bincount(y) / len(y)
    return scores / scores.sum(axis=1, keepdims=True)


@shapes
def test_sfda_by_the_sources_projection(n, d, k):
    sample = sample_of(n, d, k)
    Z, y = axes_of(sample), sample.y_train
    residual = Z - np.array([Z[y == c].mean(axis=0) for c in range(k)])[y]
    a = math.exp(-5 * np.linalg.norm(residual.T @ residual / n, 2))
    first = np.exp(fisher(Z, y, k, a))
    own = (first / first.sum(axis=1, keepdims=True))[np.arange(n), y][:, None]
    others = np.array([Z[y != c].mean(axis=0) for c in range(k)])[y]
    second = fisher(own * Z + (1 - own) * others, y, k, a)
    expected = np.log(second[np.arange(n), y]).mean()
    assert sfda.compute(sample) == pytest.approx(expected, rel=1e-7)


def mixture(Z, k):
    """Return scikit-learn's posteriors after the steps that nleep takes, from its start."""
    start = [int((Z**2).sum(axis=1).argmax())]
    while len(start) < k:
        start.append(int(cdist(Z, Z[start]).min(axis=1).argmax()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(k, init=Z[start], n_init=1, max_iter=nleep.STEPS, tol=0).fit(Z).labels_
        added = nleep.ADDED * (Z**2).mean()
        parts = [Z[found == v] for v in range(k)]
        model = GaussianMixture(
            k, covariance_type="diag", reg_covar=added, max_iter=nleep.STEPS, tol=0,
            means_init=[rows.mean(axis=0) for rows in parts],
            weights_init=np.bincount(found) / len(Z),
            precisions_init=[1 / (rows.var(axis=0) + added) for rows in parts],
        )  # fmt: skip
        return model.fit(Z).predict_proba(Z)


@shapes
def test_nleep_is_leep_of_scikit_learns_mixture(n, d, k):
    sample = sample_of(n, d, k)
    Z, y = axes_of(sample), sample.y_train
    theta = mixture(Z, min(3 * k, 16, n // 2))
    joint = np.array([theta[y == c].sum(axis=0) for c in range(k)]) / n
    likelihood = [(joint / joint.sum(axis=0))[y[i]] @ theta[i] for i in range(n)]
    assert nleep.compute(sample) == pytest.approx(np.log(likelihood).mean(), abs=1e-6)


@every
def test_separated_classes_are_told_from_mixed_ones(feature):
    apart, mixed = (feature.compute(sample_of(90, 8, 3, signal=signal)) for signal in (4, 0))
    assert apart < mixed if feature is tmi else apart > mixed


@every
def test_what_says_nothing_of_classes_is_undefined(feature):
    X = np.random.default_rng(0).normal(size=(6, 3))
    for rows, y in ((X, [1] * 6), (X, range(6)), (np.full((6, 3), 0.1), [0, 1] * 3)):
        assert math.isnan(feature.compute(Sample(rows, np.array(y), X)))


@every
def test_absent_classes_do_not_count(feature):
    sample = sample_of(30, 4, 3)
    wider = Sample(sample.X_train, sample.y_train * 2, sample.X_eval, n_classes=7)
    assert feature.compute(wider) == pytest.approx(feature.compute(sample), abs=1e-12)
