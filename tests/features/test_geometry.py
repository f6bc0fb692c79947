"""Spectrum and class geometry, against scikit-learn and the definitions written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import skew
from sklearn.metrics import calinski_harabasz_score, silhouette_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from charz.features import (
    anisotropy,
    class_spacing,
    effective_rank,
    fisher_ratio,
    hubness,
    intrinsic_dim,
    label_alignment,
    participation_ratio,
    silhouette,
    simplex_gap,
    spectrum_decay,
)
from charz.sample import Sample

SHAPES = [(40, 5, 3), (12, 30, 3), (25, 25, 4), (9, 1, 2)]
shapes = pytest.mark.parametrize(("n", "d", "k"), SHAPES)


def sample_of(n, d, k, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    X = rng.normal(size=(n, d)) * np.linspace(1, 3, d) + rng.normal(size=(k, d))[y]
    return Sample(X, y, rng.normal(size=(n + 4, d)))


def eigenvalues(X):
    values = np.linalg.eigvalsh(np.atleast_2d(np.cov(X.T)))[::-1]
    return values[: min(len(X) - 1, X.shape[1])]


@shapes
def test_effective_rank_is_the_perplexity_of_the_spectrum(n, d, k):
    sample = sample_of(n, d, k)
    shares = eigenvalues(sample.X_train) / eigenvalues(sample.X_train).sum()
    expected = math.prod(float(p) ** -float(p) for p in shares)
    assert effective_rank.compute(sample) == pytest.approx(expected, rel=1e-8)


def test_effective_rank_counts_equal_directions():
    X = np.vstack([np.eye(7), -np.eye(7)])
    sample = Sample(X, np.arange(14) % 2, X)
    assert effective_rank.compute(sample) == pytest.approx(7)
    assert participation_ratio.compute(sample)["train"] == pytest.approx(7)
    assert spectrum_decay.compute(sample) == pytest.approx(0, abs=1e-9)


@shapes
def test_participation_ratio_is_that_of_the_covariances(n, d, k):
    sample = sample_of(n, d, k)
    found = participation_ratio.compute(sample)
    for name, X in (("train", sample.X_train), ("eval", sample.X_eval)):
        values = eigenvalues(X)
        assert found[name] == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-8)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.5])
def test_spectrum_decay_finds_the_exponent_of_a_power_law(exponent):
    rng = np.random.default_rng(0)
    U = np.linalg.qr(rng.normal(size=(60, 20)))[0]
    U = np.linalg.qr(U - U.mean(axis=0))[0]
    X = U * np.arange(1, 21) ** (-exponent / 2)
    sample = Sample(X, np.arange(60) % 2, X)
    assert spectrum_decay.compute(sample) == pytest.approx(exponent, rel=1e-6)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES[:3])
def test_spectrum_decay_is_a_weighted_line(n, d, k):
    sample = sample_of(n, d, k)
    values = eigenvalues(sample.X_train)
    ranks = np.arange(1, len(values) + 1)
    slope = np.polyfit(np.log(ranks), np.log(values), 1, w=np.sqrt(1 / ranks))[0]
    assert spectrum_decay.compute(sample) == pytest.approx(-slope, rel=1e-7)


@shapes
def test_anisotropy_is_the_mean_cosine_of_pairs(n, d, k):
    sample = sample_of(n, d, k)
    cosines = cosine_similarity(sample.X_train)[~np.eye(n, dtype=bool)]
    assert anisotropy.compute(sample) == pytest.approx(cosines.mean(), abs=1e-12)


@shapes
def test_fisher_ratio_is_calinski_and_harabasz(n, d, k):
    sample = sample_of(n, d, k)
    expected = calinski_harabasz_score(sample.X_train, sample.y_train)
    assert fisher_ratio.compute(sample) == pytest.approx(expected, rel=1e-9)


@shapes
def test_silhouette_is_scikit_learns(n, d, k):
    sample = sample_of(n, d, k)
    expected = silhouette_score(sample.X_train, sample.y_train)
    assert silhouette.compute(sample) == pytest.approx(expected, abs=1e-9)


def test_silhouette_of_a_class_of_one_is_zero_as_in_scikit_learn():
    X = np.array([[0.0], [1.0], [5.0], [6.0], [20.0]])
    y = np.array([0, 0, 2, 2, 3])
    sample = Sample(X, y, X, n_classes=6)
    assert silhouette.compute(sample) == pytest.approx(silhouette_score(X, y), abs=1e-12)


@shapes
def test_label_alignment_is_centred_kernel_alignment(n, d, k):
    sample = sample_of(n, d, k)
    H = np.eye(n) - 1 / n
    kernel = H @ sample.X_train @ sample.X_train.T @ H
    same = H @ (sample.y_train[:, None] == sample.y_train).astype(float) @ H
    expected = (kernel * same).sum() / (np.linalg.norm(kernel) * np.linalg.norm(same))
    assert label_alignment.compute(sample) == pytest.approx(expected, rel=1e-8)


def simplex(k, d, rng):
    """Return k unit vectors with pairwise cosine -1 / (k - 1), turned into d dimensions."""
    frame = np.sqrt(k / (k - 1)) * (np.eye(k) - 1 / k)
    return frame @ np.linalg.qr(rng.normal(size=(d, k)))[0].T


@pytest.mark.parametrize("k", [3, 5, 8])
def test_simplex_gap_of_a_simplex_is_zero_wherever_it_stands(k):
    rng = np.random.default_rng(k)
    means = 4 * simplex(k, 12, rng) + rng.normal(size=12)
    sample = Sample(np.repeat(means, 2, axis=0), np.repeat(np.arange(k), 2), means)
    assert simplex_gap.compute(sample) < 1e-7
    means[0] *= 2
    bent = Sample(np.repeat(means, 2, axis=0), np.repeat(np.arange(k), 2), means)
    assert simplex_gap.compute(bent) > 0.05


@pytest.mark.parametrize(("n", "d", "k"), [(40, 5, 3), (12, 30, 3), (25, 25, 4)])
def test_simplex_gap_by_loops(n, d, k):
    sample = sample_of(n, d, k)
    means = [sample.X_train[sample.y_train == c].mean(axis=0) for c in range(k)]
    centre = sum(means) / k
    gram = {
        (i, j): float((means[i] - centre) @ (means[j] - centre))
        for i, j in itertools.product(range(k), repeat=2)
    }
    norm = math.sqrt(sum(v * v for v in gram.values()))
    ideal = {(i, j): (i == j) - 1 / k for i, j in gram}
    ideal_norm = math.sqrt(sum(v * v for v in ideal.values()))
    gap = math.sqrt(sum((gram[p] / norm - ideal[p] / ideal_norm) ** 2 for p in gram))
    assert simplex_gap.compute(sample) == pytest.approx(gap, abs=1e-9)


def two_nearest(X):
    """Return the slope of Facco et al. through the first 90% of points, written out."""
    found = NearestNeighbors(n_neighbors=3).fit(X).kneighbors(X)[0]
    ratios = sorted(found[:, 2] / found[:, 1])
    n = len(ratios)
    points = [
        (math.log(mu), -math.log(1 - (i + 1) / n)) for i, mu in enumerate(ratios[: int(0.9 * n)])
    ]
    return sum(x * y for x, y in points) / sum(x * x for x, _ in points)


@shapes
def test_intrinsic_dimension_is_the_slope_of_two_nearest_neighbours(n, d, k):
    sample = sample_of(n, d, k)
    found = intrinsic_dim.compute(sample)
    assert found["train"] == pytest.approx(two_nearest(sample.X_train), rel=1e-6)
    assert found["eval"] == pytest.approx(two_nearest(sample.X_eval), rel=1e-6)


@pytest.mark.parametrize("dimension", [2, 5])
def test_intrinsic_dimension_is_that_of_a_flat_piece_of_space(dimension):
    rng = np.random.default_rng(dimension)
    axes = np.linalg.qr(rng.normal(size=(100, dimension)))[0].T
    X = rng.random((900, dimension)) @ axes
    found = intrinsic_dim.compute(Sample(X, np.arange(900) % 2, X))
    assert found["train"] == pytest.approx(dimension, rel=0.15)
    assert found["eval"] == pytest.approx(dimension, rel=0.15)


@shapes
def test_hubness_is_the_skewness_of_occurrences(n, d, k):
    sample = sample_of(n, d, k)
    near = NearestNeighbors(n_neighbors=5).fit(sample.X_train)
    counts = np.bincount(near.kneighbors(sample.X_eval)[1].ravel(), minlength=n)
    found = hubness.compute(sample)
    assert found["skewness"] == pytest.approx(skew(counts), abs=1e-9)
    assert found["orphans"] == pytest.approx((counts == 0).mean())


@shapes
def test_class_spacing_by_loops(n, d, k):
    sample = sample_of(n, d, k)
    groups = [sample.X_train[sample.y_train == c] for c in range(k)]
    within = sum(((g - g.mean(axis=0)) ** 2).sum() for g in groups) / (n - k)
    centre = np.mean([g.mean(axis=0) for g in groups], axis=0)
    apart, cosines = [], []
    for g, h in itertools.combinations(groups, 2):
        a, b = g.mean(axis=0) - centre, h.mean(axis=0) - centre
        squared = ((a - b) ** 2).sum() / within - 1 / len(g) - 1 / len(h)
        apart.append(math.sqrt(max(squared, 0)))
        cosines.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    found = class_spacing.compute(sample)
    assert found["nearest"] == pytest.approx(min(apart), rel=1e-9)
    assert found["mean"] == pytest.approx(np.mean(apart), rel=1e-9)
    assert found["cosine_std"] == pytest.approx(np.std(cosines), abs=1e-9)


def test_class_means_that_are_equal_stand_hardly_apart():
    found = [
        class_spacing.compute(Sample(X, np.arange(60) % 2, X))["mean"] ** 2
        for X in (np.random.default_rng(seed).normal(size=(60, 50)) for seed in range(30))
    ]
    # Without what chance adds, 2/30 of 50 dimensions' variance each, it would be 0.067.
    assert np.mean(found) < 0.02


def test_rows_that_differ_in_the_last_bit_are_the_same():
    X = np.full((8, 3), 0.1)
    X[::2] = np.nextafter(X[::2], 1)
    sample = Sample(X, np.arange(8) % 2, X)
    found = [effective_rank, spectrum_decay, fisher_ratio, simplex_gap, label_alignment]
    assert all(math.isnan(feature.compute(sample)) for feature in found)
    assert all(math.isnan(value) for value in participation_ratio.compute(sample).values())
