"""Features of the deployed probe's answers, against scikit-learn, SciPy and loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import entropy, sem
from sklearn.metrics import f1_score, log_loss
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from charz.estimators import ac_scaled
from charz.features import (
    centroid_agreement,
    cv_calibration,
    cv_close,
    cv_log_loss,
    cv_macro_f1,
    cv_margin,
    cv_spread,
    cv_strength,
    eval_confidence,
    eval_entropy,
    eval_mano,
    eval_margin,
    eval_nuclear_norm,
    expected,
    knn_agreement,
    prior_gap,
    prior_shift,
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


def test_cv_macro_f1_is_scikit_learns(sample):
    expected = f1_score(
        sample.y_train, sample.head.cv_probabilities.argmax(axis=1), average="macro"
    )
    assert cv_macro_f1.compute(sample) == pytest.approx(expected)


def test_expected_scores_are_those_of_labels_drawn_from_the_scaled_probabilities(sample):
    """Labels drawn from what the probe believes: the mean score is what it expects."""
    b = ac_scaled.inverse_temperature(sample)
    Q = sample.head.probabilities[0] ** b
    Q = np.tile(Q / Q.sum(axis=1, keepdims=True), (40, 1))
    found, rng = expected.compute(sample), np.random.default_rng(0)
    draws = [(rng.random(len(Q))[:, None] > Q.cumsum(axis=1)).sum(axis=1) for _ in range(30)]
    scores = [f1_score(y, Q.argmax(axis=1), average="macro") for y in draws]
    assert found["macro_f1"] == pytest.approx(np.mean(scores), abs=0.01)
    losses = [log_loss(y, Q, labels=range(Q.shape[1])) for y in draws]
    assert found["log_loss"] == pytest.approx(np.mean(losses), rel=0.02)


def test_cv_margin_by_loops(sample):
    margins = []
    for p, label in zip(sample.head.cv_probabilities.tolist(), sample.y_train, strict=True):
        margins.append(p.pop(label) - max(p))
    assert cv_margin.compute(sample) == pytest.approx(np.mean(margins), rel=1e-9)


def test_cv_spread_is_that_of_shares_and_of_means(sample):
    P, y = sample.head.cv_probabilities, sample.y_train
    right = sum(row.index(max(row)) == label for row, label in zip(P.tolist(), y, strict=True))
    found = cv_spread.compute(sample)
    assert found["accuracy"] == pytest.approx(math.sqrt(right * (40 - right) / 40**3))
    losses = [-math.log(row[label]) for row, label in zip(P.tolist(), y, strict=True)]
    assert found["log_loss"] == pytest.approx(sem(losses), rel=1e-6)


def test_cv_calibration_bin_by_bin(sample):
    P, y = sample.head.cv_probabilities.tolist(), sample.y_train
    beliefs = [max(row) for row in P]
    right = [row.index(max(row)) == label for row, label in zip(P, y, strict=True)]
    edges = [i / 15 for i in range(16)]
    gaps = [
        abs(sum(r - q for q, r in zip(beliefs, right, strict=True) if low < q <= high))
        for low, high in itertools.pairwise(edges)
    ]
    found = cv_calibration.compute(sample)
    assert found["ece"] == pytest.approx(sum(gaps) / 40, rel=1e-6)
    assert found["excess"] == pytest.approx(np.mean(beliefs) - np.mean(right), abs=1e-7)


def test_cv_close_counts_both_sides(sample):
    close = 0
    for p, label in zip(sample.head.cv_probabilities.tolist(), sample.y_train, strict=True):
        close += abs(p.pop(label) - max(p)) <= 0.2
    assert cv_close.compute(sample) == pytest.approx(close / 40)
    assert close > 0


def test_cv_strength_is_the_best_of_the_grid(sample):
    losses = []
    for C in (0.01, 0.1, 1, 10, 100, 1000):
        P = sample.probe("logistic", C=(C,)).cv_probabilities
        losses.append(log_loss(sample.y_train, P))
    assert cv_strength.compute(sample) == np.argmin(losses) - 2


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


def test_nuclear_norm_is_the_sum_of_singular_values(sample, answers):
    m, k = answers.shape
    expected = np.linalg.norm(answers, "nuc") / math.sqrt(m * min(m, k))
    assert eval_nuclear_norm.compute(sample) == pytest.approx(expected)


def test_nuclear_norm_of_fewer_rows_than_classes():
    rng = np.random.default_rng(0)
    sample = Sample(rng.normal(size=(40, 3)), np.arange(40) % 8, rng.normal(size=(5, 3)))
    expected = np.linalg.norm(sample.head.probabilities[0], "nuc") / 5
    assert eval_nuclear_norm.compute(sample) == pytest.approx(expected)


def mano_by_loops(rows, *, sure):
    total, cells = 0.0, 0
    for p in rows.tolist():
        logits = [math.log(value) for value in p]
        mean = sum(logits) / len(logits)
        logits = [q - mean for q in logits]
        values = [math.exp(q) if sure else 1 + q + q * q / 2 for q in logits]
        total += sum((value / sum(values)) ** 4 for value in values)
        cells += len(p)
    return (total / cells) ** 0.25


def test_mano_of_small_logits_is_by_a_taylor_series(sample, answers):
    assert -np.log(answers).mean() < 5
    expected = mano_by_loops(answers, sure=False)
    assert eval_mano.compute(sample) == pytest.approx(expected)


def test_mano_of_large_logits_is_by_softmax():
    X = np.repeat([[-1.0], [1.0]], 20, axis=0)
    sample = Sample(X, np.arange(40) // 20, 3 * X)
    answers = sample.head.probabilities[0]
    assert -np.log(answers).mean() > 5
    assert eval_mano.compute(sample) == pytest.approx(mano_by_loops(answers, sure=True))
    assert eval_mano.compute(sample) == pytest.approx(0.5**0.25, abs=1e-3)


def test_prior_shift_by_least_squares(sample):
    P, k, n = sample.head.cv_probabilities, sample.n_classes, sample.n_train
    C = np.array([[P[sample.y_train == j, i].sum() / n for j in range(k)] for i in range(k)])
    before = sample.class_counts / n
    moved = sample.head.probabilities[0].mean(axis=0) - C.sum(axis=1)
    ridge = math.sqrt((C**2).sum() / n) * np.eye(k)
    step = np.linalg.lstsq(np.vstack([C, ridge]), np.append(moved, np.zeros(k)), rcond=None)[0]
    after = np.maximum(1 + step, 0) * before
    found = prior_shift.compute(sample)
    assert found["tv"] == pytest.approx(np.abs(after / after.sum() - before).sum() / 2)
    assert found["conditioning"] == pytest.approx(1 / np.linalg.cond(C / C.sum(axis=0)))


def test_a_sample_of_one_class_is_answered_with_certainty():
    lone = Sample(np.eye(4), np.array([1, 1, 1, 1]), np.eye(4), n_classes=3)
    assert eval_confidence.compute(lone) == 1
    assert eval_entropy.compute(lone) == 0
    assert eval_margin.compute(lone) == 1
    assert prior_gap.compute(lone) == 0
    assert eval_nuclear_norm.compute(lone) == pytest.approx(1 / math.sqrt(3))
    assert math.isnan(eval_mano.compute(lone))
    assert math.isnan(prior_shift.compute(lone)["tv"])
