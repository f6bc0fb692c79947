"""Each estimator against a slow formula written from its paper."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog, minimize_scalar
from sklearn.linear_model import LogisticRegression

from charz.estimators import (
    ac,
    ac_scaled,
    atc,
    atc_entropy,
    atc_margin,
    cbpe,
    cot,
    cott,
    cv,
    cv_ahead,
    cv_smoothed,
    doc,
    im,
)
from charz.estimators._transport import MANY, transported
from charz.features import curve_shape
from charz.sample import Sample


def blobs(seed: int, n: int = 40, m: int = 30, k: int = 3, d: int = 5) -> Sample:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    X = rng.normal(size=(n, d)) + 1.2 * np.eye(k, d)[y]
    Z = rng.normal(size=(m, d)) + 1.2 * np.eye(k, d)[rng.integers(0, k, m)] + 0.3
    return Sample(X, y, Z, n_classes=k)


@pytest.fixture(params=[0, 1, 2])
def sample(request: pytest.FixtureRequest) -> Sample:
    return blobs(request.param)


def source(sample: Sample) -> list[list[float]]:
    assert sample.head.cv_probabilities is not None
    return sample.head.cv_probabilities.tolist()


def target(sample: Sample) -> list[list[float]]:
    return sample.head.probabilities[0].tolist()


def wrong(sample: Sample) -> int:
    answers = [row.index(max(row)) for row in source(sample)]
    return sum(a != y for a, y in zip(answers, sample.y_train, strict=True))


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def test_cv_counts_right_answers(sample: Sample) -> None:
    assert cv.estimate(sample) == pytest.approx(1 - wrong(sample) / sample.n_train)


def test_ac_averages_confidence(sample: Sample) -> None:
    assert ac.estimate(sample) == pytest.approx(mean([max(row) for row in target(sample)]))


def test_doc_takes_the_fall_in_confidence_off_cv(sample: Sample) -> None:
    fall = mean([max(row) for row in source(sample)]) - mean([max(row) for row in target(sample)])
    expected = 1 - wrong(sample) / sample.n_train - fall
    assert doc.estimate(sample) == pytest.approx(min(max(expected, 0), 1))


def test_ac_scaled_minimises_the_smoothed_out_of_fold_log_loss(sample: Sample) -> None:
    def tempered(P: list[list[float]], b: float) -> np.ndarray:
        powers = np.array(P) ** b
        return powers / powers.sum(axis=1, keepdims=True)

    def loss(log_b: float) -> float:
        P = tempered(source(sample), math.exp(log_b))
        own = [math.log(P[i, y]) for i, y in enumerate(sample.y_train)]
        even = [mean([math.log(p) for p in row]) for row in P]  # one row more, of every label
        return -mean(own) - mean(even) / len(P)

    best = minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
    expected = tempered(target(sample), math.exp(best.x)).max(axis=1).mean()
    assert ac_scaled.estimate(sample) == pytest.approx(expected, abs=1e-4)


def atc_by_definition(scores: list[float], n_wrong: int, asked: list[float]) -> float:
    """The smallest observed c with share(score < c) = share of errors (equation 2)."""
    n = len(scores)
    fitting = [c for c in scores if sum(s < c for s in scores) == n_wrong]
    assert len(fitting) == 1, f"no ties expected among {n} scores"
    return mean([float(s >= fitting[0]) for s in asked])


def test_atc_finds_the_threshold_of_the_definition(sample: Sample) -> None:
    n_wrong = wrong(sample)
    assert n_wrong > 0
    expected = atc_by_definition(
        [max(row) for row in source(sample)], n_wrong, [max(row) for row in target(sample)]
    )
    assert atc.estimate(sample) == pytest.approx(expected)


def test_atc_entropy_uses_negative_entropy(sample: Sample) -> None:
    def score(row: list[float]) -> float:
        return sum(p * math.log(p) for p in row if p > 0)

    expected = atc_by_definition(
        [score(row) for row in source(sample)],
        wrong(sample),
        [score(row) for row in target(sample)],
    )
    assert atc_entropy.estimate(sample) == pytest.approx(expected)


def test_atc_scores_are_the_same_for_two_classes() -> None:
    sample = blobs(5, k=2)
    assert atc.estimate(sample) == atc_entropy.estimate(sample)


@settings(deadline=None)
@given(
    scores=st.lists(st.integers(0, 20), min_size=1, max_size=15, unique=True),
    asked=st.lists(st.integers(0, 20), min_size=1, max_size=10),
    data=st.data(),
)
def test_atc_on_its_own_source_gives_its_accuracy(
    scores: list[int], asked: list[int], data: st.DataObject
) -> None:
    right = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    values = np.array(scores, dtype=float)
    assert atc.share_above(values, right, values) == pytest.approx(right.mean())
    low = atc.share_above(values, right, np.array(asked) - 1.0)
    assert low <= atc.share_above(values, right, np.array(asked, dtype=float))


def test_cbpe_is_platt_scaling_then_expected_accuracy(sample: Sample) -> None:
    right = np.array([row.index(max(row)) for row in source(sample)]) == sample.y_train

    def logit(P: list[list[float]]) -> np.ndarray:
        top = np.array(P).max(axis=1)
        return np.log(top / (1 - top))[:, None]

    # Platt's soft targets as weighted hard ones, for scikit-learn without a penalty.
    x, n_right, n_wrong = logit(source(sample)), right.sum(), (~right).sum()
    goal = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    fit = LogisticRegression(C=1e9, tol=1e-10, max_iter=5000).fit(
        np.vstack([x, x]),
        np.repeat([1, 0], len(x)),
        sample_weight=np.concatenate([goal, 1 - goal]),
    )
    assert fit.coef_[0, 0] > 0
    expected = fit.predict_proba(logit(target(sample)))[:, 1].mean()
    assert cbpe.estimate(sample) == pytest.approx(expected, abs=1e-4)


def test_cbpe_ignores_confidence_that_points_the_wrong_way() -> None:
    score, right = np.linspace(0, 3, 40), np.arange(40) < 20
    a, b = cbpe.platt(score, right)
    assert b == 0
    assert 1 / (1 + math.exp(-a)) == pytest.approx(0.5, abs=1e-4)


def test_im_weighs_bins_by_hand() -> None:
    confidence = np.repeat([0.55, 0.95], 10)
    right = np.array([True] * 5 + [False] * 5 + [True] * 9 + [False])
    asked = np.array([0.5, 0.96, 0.97, 0.99])
    assert im.reweighted(confidence, right, asked) == pytest.approx(0.25 * 0.5 + 0.75 * 0.9)
    assert im.reweighted(confidence, right, confidence) == pytest.approx(right.mean())


def test_im_with_few_rows_is_cv() -> None:
    sample = blobs(0, n=15)
    assert im.estimate(sample) == pytest.approx(cv.estimate(sample))


@pytest.mark.parametrize("seed", range(5))
def test_cot_is_the_best_of_all_assignments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    P, labels = rng.dirichlet([1, 1, 1], 6), rng.integers(0, 3, 6)
    best = max(
        mean([P[i, y] for i, y in enumerate(order)])
        for order in set(itertools.permutations(labels.tolist()))
    )
    assert cot.matched(P, np.bincount(labels, minlength=3)).mean() == pytest.approx(best)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    m=st.sampled_from([1, 2, 9, 60, 200]),
    k=st.sampled_from([1, 2, 3, 7, 30]),
    kind=st.sampled_from(["spread", "sure", "tied", "equal"]),
)
def test_transport_is_as_good_as_the_best_assignment(seed: int, m: int, k: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.full(k, 0.02 if kind == "sure" else 0.7), m)
    if kind == "tied":
        P = P.round(1)
    if kind == "equal":
        P = np.full((m, k), 1 / k)
    counts = rng.multinomial(m, rng.dirichlet(np.full(k, 0.5)))
    labels = transported(P, counts)
    assert np.bincount(labels, minlength=k).tolist() == counts.tolist()
    wanted = np.repeat(np.arange(k), counts)
    rows, places = linear_sum_assignment(P[:, wanted], maximize=True)
    best = P[rows, wanted[places]].sum()
    assert P[np.arange(m), labels].sum() == pytest.approx(best, abs=1e-9)


def test_transport_to_many_labels() -> None:
    rng = np.random.default_rng(0)
    k = MANY + 20
    P, counts = rng.dirichlet(np.full(k, 0.1), 3 * k), np.full(k, 3)
    labels = transported(P, counts)
    assert np.bincount(labels).tolist() == counts.tolist()
    wanted = np.repeat(np.arange(k), 3)
    rows, places = linear_sum_assignment(-P[:, wanted])
    assert P[np.arange(3 * k), labels].sum() == pytest.approx(P[rows, wanted[places]].sum())


def test_cot_solves_the_transport_programme() -> None:
    sample = blobs(1, n=30, m=30)
    P, prior = np.array(target(sample)), sample.class_counts / sample.n_train
    m, k = P.shape
    distance = np.abs(P[:, None, :] - np.eye(k)[None]).sum(axis=2) / 2
    rows = np.kron(np.eye(m), np.ones(k))
    columns = np.kron(np.ones(m), np.eye(k))
    answer = linprog(
        distance.ravel(),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([np.full(m, 1 / m), prior]),
    )
    assert cot.estimate(sample) == pytest.approx(1 - answer.fun, abs=1e-7)


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any),
    total=st.integers(1, 100),
)
def test_cot_labels_follow_the_prior(counts: list[int], total: int) -> None:
    given_out = cot.apportioned(np.array(counts), total)
    assert given_out.sum() == total
    assert np.abs(given_out - np.array(counts) * total / sum(counts)).max() < 1


def best_matching(P: np.ndarray, labels: list[int]) -> list[float]:
    """Each row's p(label) in the best of all orders of the labels."""
    orders = set(itertools.permutations(labels))
    best = max(orders, key=lambda order: sum(P[i, y] for i, y in enumerate(order)))
    return [float(P[i, y]) for i, y in enumerate(best)]


def test_cott_thresholds_the_costs_of_all_matchings() -> None:
    sample = blobs(3, n=7, m=7, k=2)
    labels = sample.y_train.tolist()
    found = best_matching(np.array(source(sample)), labels)
    asked = best_matching(np.array(target(sample)), labels)
    n_wrong = wrong(sample)
    assert 0 < n_wrong < 7
    assert cott.estimate(sample) == pytest.approx(atc_by_definition(found, n_wrong, asked))


def test_cott_of_many_rows_is_near_that_of_fewer() -> None:
    sample = blobs(4, n=1200, m=900)
    truth = 1 - wrong(sample) / 1200
    assert cott.estimate(sample) == pytest.approx(truth, abs=0.2)
    assert len(cot.chosen(1200)) == 512
    assert cot.chosen(30).tolist() == list(range(30))


def test_atc_margin_uses_the_gap_between_the_first_two(sample: Sample) -> None:
    def score(row: list[float]) -> float:
        first, second, *_ = sorted(row, reverse=True)
        return first - second

    expected = atc_by_definition(
        [score(row) for row in source(sample)],
        wrong(sample),
        [score(row) for row in target(sample)],
    )
    assert atc_margin.estimate(sample) == pytest.approx(expected)


def test_cv_smoothed_is_the_scaled_confidence_out_of_fold(sample: Sample) -> None:
    # With the out-of-fold rows asked in place of eval rows, ac_scaled says the same.
    asked = Sample(sample.X_train, sample.y_train, sample.X_eval)
    assert sample.head.cv_probabilities is not None
    P = np.array(source(sample))
    b = ac_scaled.inverse_temperature(asked)
    powers = P**b
    expected = (powers.max(axis=1) / powers.sum(axis=1)).mean()
    assert cv_smoothed.estimate(sample) == pytest.approx(expected)


def test_cv_smoothed_varies_less_than_counting() -> None:
    found = [(cv_smoothed.estimate(s), cv.estimate(s)) for s in map(blobs, range(30))]
    smooth, counted = np.std(found, axis=0)
    assert smooth < counted


def test_cv_ahead_adds_what_a_quarter_more_rows_gain(sample: Sample) -> None:
    slope = curve_shape.compute(sample)["slope"]
    expected = cv.estimate(sample) + slope * math.log(1.25) / math.log(2)
    assert cv_ahead.estimate(sample) == pytest.approx(min(max(expected, 0), 1))


def test_cv_ahead_comes_nearer_than_cv_where_the_curve_rises() -> None:
    errors, before = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 4, 1064)
        X = rng.normal(size=(1064, 20)) + 0.7 * np.random.default_rng(99).normal(size=(4, 20))[y]
        drawn = Sample(X[:64], y[:64], X[64:], n_classes=4)
        truth = (drawn.head.probabilities[0].argmax(axis=1) == y[64:]).mean()
        errors.append(cv_ahead.estimate(drawn) - truth)
        before.append(cv.estimate(drawn) - truth)
    assert mean(before) < mean(errors) < 0.05
