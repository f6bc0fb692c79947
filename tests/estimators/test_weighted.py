"""Estimators that weigh training rows or classes, against scikit-learn and slow formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, recall_score

from charz import metrics
from charz.estimators import bbse, cbpe, cbpe_weighted, cv, doc, doc_weighted, iw_cv
from charz.estimators._weights import density_ratio
from charz.features import domain_auc, prior_shift
from charz.sample import Sample


def blobs(seed: int, n: int = 60, m: int = 50, k: int = 3, shift: float = 0.4) -> Sample:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    X = rng.normal(size=(n, 5)) + 1.2 * np.eye(k, 5)[y]
    Z = rng.normal(size=(m, 5)) + 1.2 * np.eye(k, 5)[rng.integers(0, k, m)] + shift
    return Sample(X, y, Z, n_classes=k)


@pytest.fixture(params=[0, 1, 2])
def sample(request: pytest.FixtureRequest) -> Sample:
    return blobs(request.param)


def out_of_fold(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    P = sample.head.cv_probabilities
    assert P is not None
    return P, P.argmax(axis=1) == sample.y_train


def left_out_scores(sample: Sample) -> tuple[list[float], list[float]]:
    """Scores along ridge-shrunk Fisher directions, each refitted without the row it scores."""
    X, Z = sample.X_train, sample.X_eval
    penalty = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean() * np.eye(X.shape[1])

    def score(row: np.ndarray, X: np.ndarray, Z: np.ndarray) -> float:
        moved = X - X.mean(axis=0)
        w = np.linalg.solve(moved.T @ moved + penalty, Z.mean(axis=0) - X.mean(axis=0))
        return float((row - sample.X_train.mean(axis=0)) @ w)

    training = [score(X[i], np.delete(X, i, axis=0), Z) for i in range(len(X))]
    return training, [score(Z[i], X, np.delete(Z, i, axis=0)) for i in range(len(Z))]


def odds(sample: Sample) -> np.ndarray:
    """The weights by scikit-learn's logistic regression on Platt's soft targets."""
    training, evaluated = left_out_scores(sample)
    n, m = len(training), len(evaluated)
    x = np.array(training + evaluated)[:, None]
    x /= np.abs(x).max()
    goal = np.repeat([1 / (n + 2), (m + 1) / (m + 2)], [n, m])
    fit = LogisticRegression(C=1e9, tol=1e-10, max_iter=5000).fit(
        np.vstack([x, x]), np.repeat([1, 0], n + m), sample_weight=np.concatenate([goal, 1 - goal])
    )
    assert fit.coef_[0, 0] > 0
    found = np.exp(fit.decision_function(x[:n])) * n / m
    found = found.clip(0.1, 10)
    return np.asarray(found / found.mean())


def test_weights_are_the_odds_of_a_left_out_domain_classifier(sample: Sample) -> None:
    assert sample.once(density_ratio) == pytest.approx(odds(sample), rel=1e-3)


def test_weights_of_one_domain_are_even() -> None:
    sample = blobs(3, n=400, m=400, shift=0.0)
    assert np.std(sample.once(density_ratio)) < 0.2
    same = Sample(sample.X_train, sample.y_train, sample.X_train)
    assert density_ratio(same) == pytest.approx(1)
    assert density_ratio(Sample([[1.0], [2.0]], [0, 1], [[3.0]])).tolist() == [1, 1]


def test_weights_are_larger_where_the_eval_rows_are() -> None:
    rng = np.random.default_rng(0)
    X, Z = rng.normal(size=(300, 3)), rng.normal([1.0, 0, 0], size=(300, 3))
    weights = density_ratio(Sample(X, np.arange(300) % 2, Z))
    truth = np.exp(X[:, 0] - 0.5).clip(0.1, 10)  # ratio of two normal densities
    assert np.corrcoef(np.log(weights), np.log(truth))[0, 1] > 0.95
    assert np.std(np.log(weights)) == pytest.approx(np.std(np.log(truth)), rel=0.25)


def test_iw_cv_weighs_hits(sample: Sample) -> None:
    _, right = out_of_fold(sample)
    weights = odds(sample)
    hits = sum(w for w, hit in zip(weights, right, strict=True) if hit)
    assert iw_cv.estimate(sample) == pytest.approx(hits / weights.sum(), abs=1e-4)


def test_iw_cv_corrects_a_shift_of_rows_alone() -> None:
    """Labels are a noisy sign on one side and a sure one on the other; eval rows lie there."""
    errors = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, Z = rng.normal(size=(600, 2)), rng.normal([1.5, 0], size=(600, 2))

        def labels(rows: np.ndarray, rng: np.random.Generator = rng) -> np.ndarray:
            noise = rng.random(len(rows)) < np.where(rows[:, 0] < 0.5, 0.4, 0.02)
            return ((rows[:, 1] > 0) ^ noise).astype(int)

        y, z = labels(X), labels(Z)
        sample = Sample(X, y, Z)
        truth = metrics.accuracy(sample.head.probabilities[0], z)
        errors.append((iw_cv.estimate(sample) - truth, cv.estimate(sample) - truth))
    weighted, plain = np.abs(np.mean(errors, axis=0))
    assert weighted < plain / 2


def test_doc_weighted_by_hand(sample: Sample) -> None:
    P, right = out_of_fold(sample)
    weights = odds(sample)
    accuracy, confidence = (
        sum(w * value for w, value in zip(weights, values, strict=True)) / weights.sum()
        for values in (right.tolist(), P.max(axis=1).tolist())
    )
    asked = np.mean([max(row) for row in sample.head.probabilities[0].tolist()])
    expected = min(max(accuracy - (confidence - asked), 0), 1)
    assert doc_weighted.estimate(sample) == pytest.approx(expected, abs=1e-3)


def test_even_weights_change_nothing(sample: Sample) -> None:
    same = Sample(sample.X_train, sample.y_train, sample.X_train)
    assert iw_cv.estimate(same) == pytest.approx(cv.estimate(same))
    assert doc_weighted.estimate(same) == pytest.approx(doc.estimate(same))
    assert cbpe_weighted.estimate(same) == pytest.approx(cbpe.estimate(same), abs=1e-6)


def test_cbpe_weighted_is_a_weighted_platt_fit(sample: Sample) -> None:
    P, right = out_of_fold(sample)
    weights = odds(sample)

    def logit(top: np.ndarray) -> np.ndarray:
        return np.asarray(np.log(top / (1 - top)))

    a, b = platt_by_scipy(logit(P.max(axis=1)), right, weights)
    asked = a + b * logit(sample.head.probabilities[0].max(axis=1))
    expected = np.mean([1 / (1 + math.exp(-value)) for value in asked])
    assert cbpe_weighted.estimate(sample) == pytest.approx(expected, abs=1e-3)


def platt_by_scipy(score: np.ndarray, right: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Platt's fit by a general minimiser with a bound on the slope."""
    n_right, n_wrong = w[right].sum(), w[~right].sum()
    goal = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(ab: np.ndarray) -> float:
        margin = ab[0] + ab[1] * score
        return float((w * (np.logaddexp(0, margin) - goal * margin)).sum() / w.sum())

    found = minimize(loss, [0.0, 0.5], bounds=[(None, None), (0, None)], tol=1e-14)
    return float(found.x[0]), float(found.x[1])


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 10_000),
    n=st.sampled_from([2, 5, 30, 200]),
    scale=st.sampled_from([1e-3, 1.0, 14.0]),
    center=st.sampled_from([0.0, 5.0]),
    kind=st.sampled_from(["random", "separable", "reversed", "tied"]),
)
def test_platt_is_the_bounded_minimum(
    seed: int, n: int, scale: float, center: float, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    score = score.round() if kind == "tied" else score
    right = rng.random(n) < 1 / (1 + np.exp(-score))
    if kind in ("separable", "reversed"):
        right = (score > 0) == (kind == "separable")
    weights = rng.exponential(size=n) + 0.1
    a, b = cbpe.platt(center + scale * score, right, weights)
    assert b >= 0
    # On scores as they were drawn, where a general minimiser does well.
    expected = platt_by_scipy(score, right, weights)
    margins = a + b * (center + scale * score)
    assert np.tanh(margins / 2) == pytest.approx(
        np.tanh((expected[0] + expected[1] * score) / 2), abs=2e-3
    )


def shares_by_definition(sample: Sample) -> np.ndarray:
    """Regularised BBSE written with loops."""
    P, _ = out_of_fold(sample)
    n, k = P.shape
    C = np.zeros((k, k))
    for p, label in zip(P, sample.y_train, strict=True):
        C[:, label] += p / n
    prior = C.sum(axis=0)
    moved = sample.head.probabilities[0].mean(axis=0) - C.sum(axis=1)
    # The ridge as rows appended to a least squares problem.
    penalty = math.sqrt((C**2).sum() / n)
    step, *_ = np.linalg.lstsq(
        np.vstack([C, penalty * np.eye(k)]), np.concatenate([moved, np.zeros(k)]), rcond=None
    )
    found = np.maximum(1 + step, 0) * prior
    return np.asarray(found / found.sum())


def test_bbse_weighs_recalls(sample: Sample) -> None:
    P, _ = out_of_fold(sample)
    q = shares_by_definition(sample)
    assert sample.once(prior_shift.shares) == pytest.approx(q)
    recalls = recall_score(sample.y_train, P.argmax(axis=1), average=None)
    assert bbse.estimate(sample) == pytest.approx(float(q @ recalls))


def test_bbse_of_the_training_shares_is_cv() -> None:
    sample = blobs(0)
    counts = sample.class_counts
    hits = np.diag(confusion_matrix(sample.y_train, out_of_fold(sample)[0].argmax(axis=1)))
    assert cv.estimate(sample) == pytest.approx(float((counts / 60) @ (hits / counts)))


def test_classes_without_rows_take_no_part() -> None:
    sample = blobs(4)
    more = Sample(sample.X_train, 2 * sample.y_train, sample.X_eval, n_classes=8)
    assert bbse.estimate(more) == pytest.approx(bbse.estimate(sample))
    assert prior_shift.compute(more) == pytest.approx(prior_shift.compute(sample))


@pytest.mark.parametrize("shares", [(0.8, 0.2), (0.3, 0.7), (0.95, 0.05)])
def test_prior_shift_finds_the_eval_shares(shares: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    z = (rng.random(1000) < shares[1]).astype(int)
    X, Z = (rng.normal(size=(len(c), 3)) + 2 * np.eye(2, 3)[c] for c in (y, z))
    sample = Sample(X, y, Z)
    assert prior_shift.shares(sample) == pytest.approx([1 - z.mean(), z.mean()], abs=0.04)
    found = prior_shift.compute(sample)
    assert found["tv"] == pytest.approx(abs(z.mean() - 0.5), abs=0.04)


def test_a_confusion_that_tells_nothing_is_badly_conditioned() -> None:
    rng = np.random.default_rng(1)
    y = np.arange(200) % 2
    blind = prior_shift.compute(Sample(rng.normal(size=(200, 3)), y, rng.normal(size=(50, 3))))
    clear = prior_shift.compute(Sample(np.eye(2)[y] * 9, y, np.eye(2)))
    assert blind["conditioning"] < 0.2
    assert clear["conditioning"] > 0.9


def test_domain_scores_are_those_of_the_auc(sample: Sample) -> None:
    found = sample.once(domain_auc.scores)
    assert found is not None
    training, evaluated = left_out_scores(sample)
    largest = max(np.abs(training).max(), np.abs(evaluated).max())
    assert found[0] == pytest.approx(np.array(training) / largest, rel=1e-6, abs=1e-9)
    assert sorted(found[1]) == pytest.approx(sorted(np.array(evaluated) / largest), abs=1e-9)
