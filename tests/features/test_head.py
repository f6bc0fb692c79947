"""Features of the deployed probe's answers, against scikit-learn, SciPy and loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from charz.features import (
    centroid_agreement,
    cv_log_loss,
    cv_margin,
    eval_confidence,
    eval_entropy,
    eval_margin,
    knn_agreement,
    prior_gap,
)
from charz.sample import Sample


@pytest.fixture(scope="module", params=[2, 4])
def sample(request):
    k = request.param
    rng = np.random.default_rng(k)
    y, z = rng.permutation(np.arange(40) % k), rng.integers(0, k, 33)
    means = rng.normal(size=(k, 6))
    X, Z = rng.normal(size=(40, 6)) + means[y], rng.normal(size=(33, 6)) + means[z]
    return Sample(X, y, Z)


@pytest.fixture(scope="module")
def answers(sample):
    return sample.head.probabilities[0]


def test_cv_log_loss_is_scikit_learns(sample):
    expected = log_loss(sample.y_train, sample.head.cv_probabilities)
    assert cv_log_loss.compute(sample) == pytest.approx(expected, rel=1e-6)


def test_cv_margin_by_loops(sample):
    margins = []
    for p, label in zip(sample.head.cv_probabilities.tolist(), sample.y_train, strict=True):
        margins.append(p.pop(label) - max(p))
    assert cv_margin.compute(sample) == pytest.approx(np.mean(margins), rel=1e-9)


def test_confidence_entropy_and_margin_by_rows(sample, answers):
    k = sample.n_classes
    ranked = [sorted(row, reverse=True) for row in answers.tolist()]
    assert eval_confidence.compute(sample) == pytest.approx(np.mean([r[0] for r in ranked]))
    assert eval_margin.compute(sample) == pytest.approx(np.mean([r[0] - r[1] for r in ranked]))
    bits = [entropy(row, base=k) for row in ranked]
    assert eval_entropy.compute(sample) == pytest.approx(np.mean(bits), rel=1e-6)


def test_prior_gap_is_half_the_sum_of_differences(sample, answers):
    k, n = sample.n_classes, sample.n_train
    shares = [sum(label == c for label in sample.y_train) / n for c in range(k)]
    gap = sum(abs(shares[c] - np.mean([row[c] for row in answers])) for c in range(k)) / 2
    assert prior_gap.compute(sample) == pytest.approx(gap, abs=1e-9)


def test_knn_agreement_shares_tied_votes(sample, answers):
    model = KNeighborsClassifier(5).fit(sample.X_train, sample.y_train)
    shared = []
    for shares, row in zip(model.predict_proba(sample.X_eval), answers, strict=True):
        winners = np.flatnonzero(shares == shares.max())
        shared.append((row.argmax() in winners) / len(winners))
    assert knn_agreement.compute(sample) == pytest.approx(np.mean(shared))


def test_centroid_agreement_is_that_of_scikit_learn(sample, answers):
    nearest = NearestCentroid().fit(sample.X_train, sample.y_train).predict(sample.X_eval)
    expected = (nearest == answers.argmax(axis=1)).mean()
    assert centroid_agreement.compute(sample) == pytest.approx(expected)


def test_a_sample_of_one_class_is_answered_with_certainty():
    lone = Sample(np.eye(4), np.array([1, 1, 1, 1]), np.eye(4), n_classes=3)
    assert eval_confidence.compute(lone) == 1
    assert eval_entropy.compute(lone) == 0
    assert eval_margin.compute(lone) == 1
    assert prior_gap.compute(lone) == 0
