"""Each strategy beside its definition, written slowly."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from charz.acquisition import (
    badge,
    entropy,
    k_centre,
    margin,
    max_herding,
    prob_cover,
    typiclust,
    uncertainty_herding,
)
from charz.acquisition._clusters import clusters
from charz.acquisition._cover import greedy
from charz.acquisition._pool import Pool, margins
from charz.samplers import _random
from tests.acquisition.test_contract import world

SEEDS = range(5)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def pool_of(seed, n_labelled=8, **sizes):
    X, y = world(seed, **sizes)
    rows = np.random.default_rng(seed).permutation(len(X))[:n_labelled]
    return Pool(X.astype(np.float64), rows, y[rows], 3)


def unit(X):
    Z = X - X.mean(axis=0)
    return Z / np.linalg.norm(Z, axis=1, keepdims=True)


def distance(Z, i, j):
    return np.sqrt(((Z[i] - Z[j]) ** 2).sum())


@every_seed
def test_k_centre_takes_the_farthest_row_each_time(seed):
    pool = pool_of(seed)
    Z, centres, found = unit(pool.X), list(pool.rows), []
    for _ in range(10):
        far = [min(distance(Z, i, c) for c in centres) for i in range(len(Z))]
        found.append(int(np.argmax(far)))
        centres.append(found[-1])
    assert k_centre.pick(pool, 10, 0).rows.tolist() == found


@every_seed
def test_margin_and_entropy_rank_by_the_probes_probabilities(seed):
    pool = pool_of(seed, n_labelled=20)
    P = pool.probabilities(pool.candidates)
    ordered = np.sort(P, axis=1)
    by_margin = [
        row for _, row in sorted(zip(ordered[:, -1] - ordered[:, -2], pool.candidates, strict=True))
    ]
    assert margin.pick(pool, 6, 0).rows.tolist() == by_margin[:6]
    entropies = [-sum(p * np.log(p) for p in row if p > 0) for row in P]
    by_entropy = [row for _, row in sorted(zip(-np.array(entropies), pool.candidates, strict=True))]
    assert entropy.pick(pool, 6, 0).rows.tolist() == by_entropy[:6]


def test_the_probe_asked_is_a_logistic_regression():
    pool = pool_of(0, n_labelled=30)
    X, y = pool.X[pool.rows], pool.y
    scale = 1 / np.sqrt((X**2).sum() / len(X))
    P = pool.probabilities(pool.candidates)
    near = [
        np.abs(LogisticRegression(C=C, max_iter=5000, tol=1e-8).fit(X * scale, y)
               .predict_proba(pool.X[pool.candidates] * scale) - P).max()
        for C in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    ]  # fmt: skip
    assert min(near) < 0.02


@every_seed
def test_badge_is_k_means_plus_plus_on_explicit_gradients(seed):
    pool = pool_of(seed, n_labelled=15)
    P = pool.probabilities(pool.candidates)
    Z = unit(pool.X)[pool.candidates]
    guess = P.argmax(axis=1)
    gradients = np.array([
        np.outer(p - np.eye(len(p))[c], z).ravel() for p, c, z in zip(P, guess, Z, strict=True)
    ])  # fmt: skip
    u = _random.uniform(6, seed, pool.purpose("badge"))
    chosen = [int((gradients**2).sum(axis=1).argmax())]
    for draw in u[1:]:
        squared = ((gradients[:, None] - gradients[chosen]) ** 2).sum(axis=2).min(axis=1)
        squared[chosen] = 0
        chosen.append(int(np.searchsorted(np.cumsum(squared), draw * squared.sum(), "right")))
    assert badge.pick(pool, 6, seed).rows.tolist() == pool.candidates[chosen].tolist()


def exhaustive(K, covered, weights, n_picks):
    """Return greedy picks by computing every gain every time."""
    found = []
    for _ in range(n_picks):
        gains = [
            -1 if c in found else (weights * np.maximum(K[:, c] - covered, 0)).sum()
            for c in range(K.shape[1])
        ]
        found.append(int(np.argmax(gains)))
        covered = np.maximum(covered, K[:, found[-1]])
    return found


@every_seed
def test_lazy_greedy_is_greedy(seed):
    rng = np.random.default_rng(seed)
    K, weights = rng.random((30, 80)), rng.random(30)
    covered = rng.random(30) / 2
    assert greedy(K, covered, weights, 80)[0].tolist() == exhaustive(K, covered, weights, 80)


@every_seed
def test_max_herding_maximises_the_coverage_greedily(seed):
    pool = pool_of(seed)
    Z = unit(pool.X)
    kernel = np.exp(-((Z[:, None] - Z) ** 2).sum(axis=2) / 2)
    covered = kernel[:, pool.rows].max(axis=1)
    places = exhaustive(kernel[:, pool.candidates], covered, np.ones(len(Z)), 12)
    picks = max_herding.pick(pool, 12, 0)
    assert picks.rows.tolist() == pool.candidates[places].tolist()
    after = np.maximum(covered, kernel[:, picks.rows[0]])
    assert picks.values[0] == pytest.approx((after - covered).mean(), rel=1e-4)


@every_seed
def test_uncertainty_herding_weighs_rows_by_their_margin(seed):
    pool = pool_of(seed, n_labelled=12)
    Z = unit(pool.X)
    own = [min(distance(Z, i, j) for j in pool.rows if j != i) for i in pool.rows]
    width = min(np.median(own), 1.0)
    kernel = np.exp(-((Z[:, None] - Z) ** 2).sum(axis=2) / (2 * width**2))
    u = 1 - margins(pool.probabilities(np.arange(len(Z))))
    u[pool.rows] = 0
    covered = kernel[:, pool.rows].max(axis=1)
    places = exhaustive(kernel[:, pool.candidates], covered, u, 10)
    picks = uncertainty_herding.pick(pool, 10, 0)
    assert picks.rows.tolist() == pool.candidates[places].tolist()


@every_seed
def test_prob_cover_covers_most_with_balls(seed):
    pool = pool_of(seed)
    Z, radius = unit(pool.X), prob_cover.radius_of(pool, seed)
    ball = np.array([[distance(Z, i, j) <= radius for j in range(len(Z))] for i in range(len(Z))])
    covered = ball[:, pool.rows].any(axis=1).astype(float)
    places = exhaustive(ball[:, pool.candidates].astype(float), covered, np.ones(len(Z)), 6)
    assert prob_cover.pick(pool, 6, seed).rows.tolist() == pool.candidates[places].tolist()


def test_typicality_is_the_mean_distance_to_the_nearest_rows():
    Z = np.random.default_rng(0).normal(size=(40, 4))
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    for i, value in enumerate(typiclust.spread(Z)):
        nearest = sorted(distance(Z, i, j) for j in range(40) if j != i)[:20]
        assert value == pytest.approx(np.mean(nearest), abs=1e-6)


@every_seed
def test_typiclust_takes_a_typical_row_of_each_open_cluster(seed):
    pool = pool_of(seed, n_labelled=4, n=150)
    rows = np.concatenate([pool.candidates, pool.rows])
    of = clusters(pool.directions[rows], 4 + 5, seed, pool.purpose("typiclust"))
    cluster = dict(zip(rows.tolist(), of.tolist(), strict=True))
    sizes = np.bincount(of, minlength=9)
    closed = {cluster[row] for row in pool.rows.tolist()}
    picks = typiclust.pick(pool, 5, seed).rows.tolist()
    open_ = sorted((c for c in range(9) if c not in closed and sizes[c] >= 5),
                   key=lambda c: -sizes[c])[:5]  # fmt: skip
    found = [cluster[row] for row in picks][: len(open_)]
    assert len(set(found)) == len(found)
    assert not set(found) & closed
    assert sizes[found].tolist() == sizes[open_].tolist()
    members = [row for row in rows.tolist() if cluster[row] == cluster[picks[0]]]
    Z = unit(pool.X)

    def mean_distance(i):
        return np.mean(sorted(distance(Z, i, j) for j in members if j != i)[:20])

    assert mean_distance(picks[0]) == pytest.approx(min(map(mean_distance, members)), abs=1e-5)


def test_k_means_finds_what_stands_apart():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(4), 30)
    Z = (rng.normal(size=(120, 6)) * 0.1 + 3 * np.eye(4, 6)[y]).astype(np.float32)
    of = clusters(Z, 4, seed=1, purpose="test")
    assert len({(a, b) for a, b in zip(y.tolist(), of.tolist(), strict=True)}) == 4
