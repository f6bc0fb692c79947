"""Features of train against eval rows, against loops and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.stats import entropy
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from charz.features import (
    centroid_shift,
    coverage,
    domain_auc,
    eval_radius,
    frechet,
    knn_shift,
    mmd,
)
from charz.sample import Sample

SHAPES = [(20, 15, 3), (8, 9, 30), (5, 30, 6)]
shapes = pytest.mark.parametrize(("n", "m", "d"), SHAPES)


def sample_of(n, m, d, seed=0, shift=0.5):
    rng = np.random.default_rng(seed)
    return Sample(
        rng.normal(size=(n, d)), np.arange(n) % 2, rng.normal(size=(m, d)) + shift, n_classes=2
    )


def refitted_scores(X, Z):
    """Return each row's score along the direction taken without it, written out."""
    penalty = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()

    mean = X.mean(axis=0)

    def score(row, X, Z):
        moved = X - X.mean(axis=0)
        scatter = moved.T @ moved + penalty * np.eye(X.shape[1])
        return (row - mean) @ np.linalg.solve(scatter, Z.mean(axis=0) - X.mean(axis=0))

    training = [score(X[i], np.delete(X, i, axis=0), Z) for i in range(len(X))]
    evaluated = [score(Z[i], X, np.delete(Z, i, axis=0)) for i in range(len(Z))]
    return np.array(training + evaluated)


@pytest.mark.parametrize(("n", "m", "d"), [*SHAPES, (30, 40, 80), (120, 50, 70), (2, 2, 3)])
def test_domain_auc_refits_without_each_row(n, m, d):
    sample = sample_of(n, m, d, shift=0.2)
    scores = refitted_scores(sample.X_train, sample.X_eval)
    expected = roc_auc_score(np.repeat([0.0, 1.0], [n, m]), scores)
    assert domain_auc.compute(sample) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "m", "d"), [(20, 60, 5), (30, 30, 100)])
def test_domain_auc_of_one_domain_is_a_half_on_average(n, m, d):
    found = [domain_auc.compute(sample_of(n, m, d, seed, shift=0)) for seed in range(60)]
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - 0.5) < 4 * error + 0.01


def test_domain_auc_of_two_rows_is_a_tie():
    found = {domain_auc.compute(sample_of(1, 1, 7, seed)) for seed in range(30)}
    assert found == {0.5}


def test_domain_auc_grows_with_the_shift():
    found = [domain_auc.compute(sample_of(40, 40, 10, shift=s)) for s in (0, 0.3, 0.6, 3)]
    assert found == sorted(found)
    assert found[-1] > 0.99


@shapes
def test_mmd_by_loops(n, m, d):
    sample = sample_of(n, m, d)
    X, Z = sample.X_train, sample.X_eval
    bandwidth = np.median([((x - z) ** 2).sum() for x in X for z in Z])

    def kernel(a, b):
        return math.exp(-((a - b) ** 2).sum() / bandwidth)

    train = np.mean([kernel(X[i], X[j]) for i in range(n) for j in range(n) if i != j])
    evaluated = np.mean([kernel(Z[i], Z[j]) for i in range(m) for j in range(m) if i != j])
    cross = np.mean([kernel(x, z) for x in X for z in Z])
    assert mmd.compute(sample) == pytest.approx(train + evaluated - 2 * cross, abs=1e-12)


def test_mmd_is_unbiased():
    found = [mmd.compute(sample_of(12, 9, 4, seed, shift=0)) for seed in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / math.sqrt(300)
    assert min(found) < 0 < max(found)


def test_mmd_of_many_rows_is_near_that_of_all_and_has_no_order():
    sample = sample_of(1500, 2500, 3, shift=0.4)
    rng = np.random.default_rng(1)
    train, evaluated = rng.permutation(1500), rng.permutation(2500)
    mixed = Sample(sample.X_train[train], sample.y_train[train], sample.X_eval[evaluated])
    assert mmd.compute(mixed) == pytest.approx(mmd.compute(sample), abs=1e-12)
    squared = {
        name: cdist(A, B, "sqeuclidean")
        for name, A, B in (
            ("cross", sample.X_eval, sample.X_train),
            ("train", sample.X_train, sample.X_train),
            ("eval", sample.X_eval, sample.X_eval),
        )
    }
    bandwidth = np.median(squared["cross"])
    kernels = {name: np.exp(-values / bandwidth) for name, values in squared.items()}
    train_mean = (kernels["train"].sum() - 1500) / (1500 * 1499)
    eval_mean = (kernels["eval"].sum() - 2500) / (2500 * 2499)
    whole = train_mean + eval_mean - 2 * kernels["cross"].mean()
    assert mmd.compute(sample) == pytest.approx(whole, rel=0.2)


@shapes
def test_coverage_by_loops(n, m, d):
    sample = sample_of(n, m, d)
    own = cdist(sample.X_train, sample.X_train)
    nearest = sorted(min(own[i][j] for j in range(n) if j != i) for i in range(n))
    radius = next(r for r in nearest if np.mean(np.array(nearest) <= r) >= 0.95)
    within = [min(row) <= radius for row in cdist(sample.X_eval, sample.X_train)]
    assert coverage.compute(sample) == pytest.approx(np.mean(within))


def test_coverage_is_whole_on_the_labelled_rows_and_nothing_far_away():
    X = np.random.default_rng(0).normal(size=(30, 4))
    assert coverage.compute(Sample(X, np.arange(30) % 2, X)) == 1
    assert coverage.compute(Sample(X, np.arange(30) % 2, X + 50)) == 0


@shapes
def test_eval_radius_by_loops(n, m, d):
    sample = sample_of(n, m, d)
    own = cdist(sample.X_train, sample.X_train) + np.diag(np.full(n, np.inf))
    away = cdist(sample.X_eval, sample.X_train)
    expected = np.median(away.min(axis=1)) / np.median(own.min(axis=1))
    assert eval_radius.compute(sample) == pytest.approx(expected, rel=1e-9)


def frechet_by_definition(X, Z):
    """Return the distance with matrix square roots, on axes by a singular value decomposition."""
    unit = math.sqrt(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    _, values, axes = np.linalg.svd((X - X.mean(axis=0)) / unit, full_matrices=False)
    axes = axes[:32][values[:32] > 1e-5 * values[0]]
    A, B = (X - X.mean(axis=0)) @ axes.T / unit, (Z - X.mean(axis=0)) @ axes.T / unit
    S, T = (np.atleast_2d(np.cov(rows.T, bias=True)) for rows in (A, B))
    root = np.atleast_2d(sqrtm(S @ T)).real
    return (B.mean(axis=0) ** 2).sum() + np.trace(S) + np.trace(T) - 2 * np.trace(root)


@pytest.mark.parametrize(("n", "m", "d"), [*SHAPES, (40, 60, 80), (120, 90, 70), (30, 50, 1)])
def test_frechet_by_matrix_square_roots(n, m, d):
    sample = sample_of(n, m, d)
    expected = frechet_by_definition(sample.X_train, sample.X_eval)
    assert frechet.compute(sample) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_frechet_is_nothing_between_the_same_rows_and_grows_with_the_shift():
    X = np.random.default_rng(0).normal(size=(50, 6))
    assert frechet.compute(Sample(X, np.arange(50) % 2, X)) == pytest.approx(0, abs=1e-12)
    found = [frechet.compute(sample_of(200, 200, 10, shift=s)) for s in (0, 0.3, 0.6, 3)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(9, rel=0.2)  # |shift|^2 over the dimensions


def classed(seed=0, n=45, m=40, d=6, k=3, shift=0.5):
    rng = np.random.default_rng(seed)
    y, z = rng.permutation(np.arange(n) % k), rng.integers(0, k, m)
    means = 1.5 * np.random.default_rng(99).normal(size=(k, d))
    X, Z = rng.normal(size=(n, d)) + means[y], rng.normal(size=(m, d)) + means[z] + shift
    return Sample(X, y, Z, n_classes=k), z


def two_distances(X, y, row):
    """Return the sorted distances of a row to the class means of others."""
    return sorted(np.linalg.norm(NearestCentroid().fit(X, y).centroids_ - row, axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_centroid_shift_refits_means_without_each_row(seed):
    sample, _ = classed(seed)
    X, y, n = sample.X_train, sample.y_train, sample.n_train
    own = [two_distances(np.delete(X, i, 0), np.delete(y, i), X[i]) for i in range(n)]
    away = [two_distances(X, y, row) for row in sample.X_eval]

    def margin(rows):
        return np.mean([(r[1] - r[0]) / (r[1] + r[0]) for r in rows])

    found = centroid_shift.compute(sample)
    assert found["margin"] == pytest.approx(margin(away) - margin(own))
    radius = np.mean([r[0] for r in away]) / np.mean([r[0] for r in own])
    assert found["radius"] == pytest.approx(math.log(radius))
    answers = NearestCentroid().fit(X, y).predict(sample.X_eval)
    shares = np.bincount(answers, minlength=3) / sample.n_eval
    assert found["entropy"] == pytest.approx(entropy(shares, base=3))
    assert found["prior"] == pytest.approx(np.abs(shares - 1 / 3).sum() / 2)


@pytest.mark.parametrize("seed", range(3))
def test_knn_shift_by_classifiers_without_each_row(seed):
    sample, _ = classed(seed)
    X, y, n = sample.X_train, sample.y_train, sample.n_train
    away = KNeighborsClassifier(5).fit(X, y).predict_proba(sample.X_eval)
    own = np.vstack([
        KNeighborsClassifier(5).fit(np.delete(X, i, 0), np.delete(y, i)).predict_proba(X[i : i + 1])
        for i in range(n)
    ])  # fmt: skip
    lead = own.max(axis=1)
    right = [
        (row[label] == max(row)) / sum(row == max(row)) for row, label in zip(own, y, strict=True)
    ]
    expected = []
    for q in away.max(axis=1):
        alike = [r for r, other in zip(right, lead, strict=True) if abs(other - q) < 1e-9]
        expected.append((sum(alike) + np.mean(right)) / (len(alike) + 1))
    found = knn_shift.compute(sample)
    assert found["share"] == pytest.approx(away.max(axis=1).mean() - lead.mean())
    assert found["accuracy"] == pytest.approx(np.mean(expected))
    assert found["prior"] == pytest.approx(np.abs(away.mean(axis=0) - 1 / 3).sum() / 2)


def test_rows_between_the_classes_have_smaller_margins():
    sample, _ = classed(n=200, m=200, shift=0)
    middle = sample.X_train.mean(axis=0)
    mixed = Sample(sample.X_train, sample.y_train, middle + 0.3 * (sample.X_eval - middle))
    assert abs(centroid_shift.compute(sample)["margin"]) < 0.05
    assert centroid_shift.compute(mixed)["margin"] < -0.05
    assert abs(knn_shift.compute(sample)["share"]) < 0.05
    assert knn_shift.compute(mixed)["share"] < -0.05


def test_the_expected_accuracy_of_neighbours_is_near_the_true_one_in_one_domain():
    errors = []
    for seed in range(10):
        sample, z = classed(seed, n=200, m=300, shift=0)
        model = KNeighborsClassifier(5).fit(sample.X_train, sample.y_train)
        errors.append(knn_shift.compute(sample)["accuracy"] - model.score(sample.X_eval, z))
    assert abs(np.mean(errors)) < 0.03


def test_a_large_common_offset_costs_no_precision():
    near = sample_of(20, 15, 3)
    far = Sample(near.X_train + 1e5, near.y_train, near.X_eval + 1e5)
    for feature in (coverage, domain_auc, eval_radius, frechet, mmd):
        assert feature.compute(far) == pytest.approx(feature.compute(near), rel=1e-8)
