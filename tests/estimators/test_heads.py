"""Estimators that ask several heads, against scikit-learn and slow formulas."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from charz.estimators import agreement, aline, cv, cv_corrected, cv_repeated, gde, heads_vote, rca
from charz.estimators._halves import halves, left_out
from charz.estimators._panel import panel
from charz.features import cv_deals
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


def target(sample: Sample) -> list[list[float]]:
    return sample.head.probabilities[0].tolist()


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def test_gde_is_the_agreement_of_two_half_heads(sample: Sample) -> None:
    first, second = halves(sample.places, sample.y_train)
    answers = []
    for half in (first, second):
        head = Sample(sample.X_train[half.rows], half.labels, sample.X_eval, n_classes=3)
        P = head.probe("logistic", C=(sample.head.chosen,), folds=0).probabilities[0]
        answers.append(P.argmax(axis=1))
    assert gde.estimate(sample) == pytest.approx((answers[0] == answers[1]).mean())


@pytest.mark.parametrize("n", [2, 3, 20, 41])
def test_halves_are_disjoint_and_even_whatever_the_order(n: int) -> None:
    rng = np.random.default_rng(n)
    X, y = rng.normal(size=(n, 3)), rng.integers(0, 3, n)
    sample = Sample(X, y, X, n_classes=3)
    first, second = halves(sample.places, y)
    assert sorted([*first.rows, *second.rows]) == list(range(n))
    counts = [np.bincount(half.labels, minlength=3) for half in (first, second)]
    assert np.abs(counts[0] - counts[1]).max() <= 1
    order, (Q, _) = rng.permutation(n), np.linalg.qr(rng.normal(size=(3, 3)))
    turned = Sample(2 * X[order] @ Q + 1, y[order], X, n_classes=3)
    half, _ = halves(turned.places, y[order])
    assert sorted(order[half.rows]) == sorted(first.rows)


def test_repeated_cv_is_the_mean_over_deals_by_scikit_learn(sample: Sample) -> None:
    """The same folds, made by hand, under the same scaled penalty."""
    n, y = sample.n_train, sample.y_train
    chance, first = np.random.Generator(np.random.PCG64(1)), np.argsort(sample.places)
    scale = math.sqrt((sample.X_train**2).sum(axis=1).mean())
    Z, right, losses = sample.X_train / scale, [], []
    for _ in range(4):
        order = first[chance.permutation(n)]
        rank = np.empty(n, dtype=int)
        rank[np.argsort(y[order], kind="stable")] = np.arange(n)
        for fold in range(10):
            out, kept = order[rank % 10 == fold], order[rank % 10 != fold]
            C = sample.head.chosen
            head = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(Z[kept], y[kept])
            right += (head.predict(Z[out]) == y[out]).tolist()
            P = head.predict_proba(Z[out])
            losses += (
                -np.log(P[np.arange(len(out)), np.searchsorted(head.classes_, y[out])])
            ).tolist()
    assert cv_repeated.estimate(sample) == pytest.approx(mean(right), abs=0.01)
    assert cv_deals.compute(sample)["log_loss"] == pytest.approx(mean(losses), rel=0.01)


def test_agreement_averages_all_pairs(sample: Sample) -> None:
    found = sample.once(panel)
    assert found is not None
    pairs = [
        mean((found.target[a] == found.target[b]).astype(float).tolist())
        for a in range(4)
        for b in range(a + 1, 4)
    ]
    assert len(pairs) == 6
    assert agreement.estimate(sample) == pytest.approx(mean(pairs))


def ridge_by_gcv(sample: Sample) -> Ridge:
    """The ridge of least generalised cross-validation error, by scikit-learn."""
    X, Y = sample.X_train, sample.one_hot
    moved = X - X.mean(axis=0)
    square = (moved**2).sum(axis=1).mean()

    def error(penalty: float) -> float:
        fit = Ridge(alpha=penalty * square).fit(X, Y)
        hat = moved @ np.linalg.solve(
            moved.T @ moved + penalty * square * np.eye(X.shape[1]), moved.T
        )
        left = 1 - 1 / len(X) - np.trace(hat) / len(X)
        return float(((Y - fit.predict(X)) ** 2).sum() / left**2)

    best = min((1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0), key=error)
    return Ridge(alpha=best * square)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (30, 60), (70, 80), (150, 70)])
def test_the_panel_answers_as_scikit_learns_heads(n: int, d: int) -> None:
    sample = blobs(7, n=n, m=50, k=3, d=d)
    found = sample.once(panel)
    assert found is not None
    X, y, Z = sample.X_train, sample.y_train, sample.X_eval
    ridge, means = ridge_by_gcv(sample), NearestCentroid()
    assert (found.target[0] == np.argmax(target(sample), axis=1)).all()
    assert (found.target[1] == ridge.fit(X, sample.one_hot).predict(Z).argmax(axis=1)).all()
    assert (found.target[3] == means.fit(X, y).predict(Z)).all()
    prior, voters = sample.class_counts / n, neighbours_by_log_loss(sample)
    for i in range(n):
        keep = np.arange(n) != i
        own = X[i : i + 1]
        scores = ridge.fit(X[keep], sample.one_hot[keep]).predict(own)
        assert found.source[1, i] == scores.argmax()
        assert found.source[3, i] == means.fit(X[keep], y[keep]).predict(own)[0]
        near = voters.fit(X[keep], y[keep]).predict_proba(own)[0]
        assert found.source[2, i] == (voters.n_neighbors * near + prior).argmax()
    votes = voters.n_neighbors * voters.fit(X, y).predict_proba(Z) + prior
    assert (found.target[2] == votes.argmax(axis=1)).all()


def neighbours_by_log_loss(sample: Sample) -> KNeighborsClassifier:
    """Five or twenty neighbours, whichever has the smaller log-loss on left-out rows."""
    X, y, n = sample.X_train, sample.y_train, sample.n_train

    def loss(k: int) -> float:
        losses = []
        for i in range(n):
            keep = np.arange(n) != i
            near = KNeighborsClassifier(k).fit(X[keep], y[keep]).predict_proba(X[i : i + 1])[0]
            losses.append(-math.log((k * near[y[i]] + (y[keep] == y[i]).mean()) / (k + 1)))
        return mean(losses)

    return KNeighborsClassifier(min((5, 20), key=loss))


def test_the_panel_mostly_answers_as_the_probes() -> None:
    noisy = blobs(8, n=120, m=300, d=20)
    away = 2.0 * np.eye(3, 20)
    X, Z = noisy.X_train + away[noisy.y_train], noisy.X_eval + away[np.arange(300) % 3]
    sample = Sample(X, noisy.y_train, Z)
    found = sample.once(panel)
    assert found is not None
    for name, choices in zip(("ridge", "knn", "centroid"), found.target[1:], strict=True):
        probe = sample.probe(name).probabilities[0].argmax(axis=1)
        assert (probe == choices).mean() > 0.8, name


def pairwise(choices: np.ndarray) -> float:
    """The mean share of columns in which two rows are equal, over pairs of rows."""
    pairs = itertools.combinations(choices.tolist(), 2)
    return mean([mean([float(x == y) for x, y in zip(a, b, strict=True)]) for a, b in pairs])


def test_aline_moves_cv_by_the_change_of_agreement_in_probits(sample: Sample) -> None:
    normal, heads = NormalDist(), sample.once(panel)
    assert heads is not None

    def probit(share: float, n: int) -> float:
        return normal.inv_cdf(min(max(share, 0.5 / n), 1 - 0.5 / n))

    moved = probit(pairwise(heads.target), 30) - probit(pairwise(heads.source), 40)
    expected = normal.cdf(probit(cv.estimate(sample), 40) + moved)
    assert aline.estimate(sample) == pytest.approx(expected)


def test_aline_of_perfect_shares_is_next_to_one() -> None:
    X = np.repeat(np.eye(2) * 50, 30, axis=0) + np.random.default_rng(0).normal(size=(60, 2))
    sample = Sample(X, np.repeat([0, 1], 30), X[::2])
    assert 0.9 < aline.estimate(sample) < 1


def test_heads_vote_by_counting(sample: Sample) -> None:
    heads = sample.once(panel)
    assert heads is not None
    right = [a == y for a, y in zip(heads.source[0], sample.y_train, strict=True)]
    overall = mean([float(hit) for hit in right])

    def seconds(choices: np.ndarray, column: int) -> int:
        first, *others = choices[:, column].tolist()
        return others.count(first)

    values = []
    for t in range(30):
        alike = [
            float(hit)
            for i, hit in enumerate(right)
            if seconds(heads.source, i) == seconds(heads.target, t)
        ]
        values.append((sum(alike) + overall) / (len(alike) + 1))
    assert heads_vote.estimate(sample) == pytest.approx(mean(values))


def test_the_panel_of_many_rows_asks_some() -> None:
    sample = blobs(2, n=2100, m=20)
    heads = sample.once(panel)
    assert heads is not None
    assert heads.source.shape == (4, 2048)
    assert 0 < heads_vote.estimate(sample) <= 1
    assert 0 < aline.estimate(sample) < 1


def test_rca_is_the_nearest_mean_of_the_eval_rows_as_answered(sample: Sample) -> None:
    answered = np.argmax(target(sample), axis=1)
    assert set(answered) == {0, 1, 2}
    model = NearestCentroid().fit(sample.X_eval, answered)
    expected = model.score(sample.X_train, sample.y_train)
    assert rca.estimate(sample) == pytest.approx(expected)


def test_rca_of_answers_in_one_class_is_its_share() -> None:
    sample = Sample([[0.0], [0.1], [0.2], [5.0]], [0, 0, 0, 1], [[0.0], [0.1]])
    assert rca.estimate(sample) == 0.75


def test_cv_corrected_carries_the_curve_on(sample: Sample) -> None:
    """A straight line in n^(-1/2) through half and four fifths of the rows, read at all."""
    hits = []
    drawn = halves(sample.places, sample.y_train)
    for own, other in (drawn, drawn[::-1]):
        head = Sample(
            sample.X_train[own.rows], own.labels, sample.X_train[other.rows], n_classes=3
        ).probe("logistic", C=(sample.head.chosen,), folds=0)
        hits += (head.probabilities[0].argmax(axis=1) == other.labels).tolist()
    points = [(math.sqrt(1 / 0.5), mean(hits)), (math.sqrt(1 / 0.8), cv.estimate(sample))]
    slope = (points[1][1] - points[0][1]) / (points[1][0] - points[0][0])
    expected = points[1][1] + slope * (1 - points[1][0])
    assert cv_corrected.estimate(sample) == pytest.approx(min(max(expected, 0), 1))


def test_half_heads_answer_the_other_half(sample: Sample) -> None:
    """Weak penalties keep scikit-learn's fit to the same classes."""
    found = left_out(sample)
    assert found is not None
    first, second = halves(sample.places, sample.y_train)
    X = sample.X_train / math.sqrt((sample.X_train[first.rows] ** 2).sum(axis=1).mean())
    model = LogisticRegression(C=sample.head.chosen, tol=1e-10, max_iter=20_000)
    model.fit(X[first.rows], first.labels)
    assert (found[second.rows] == model.predict(X[second.rows])).all()
