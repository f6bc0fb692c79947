"""Closed forms against slow formulas and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from charz.completion import _best, _gaussian, _plan, _scale
from charz.errors import InputError


def joint(seed: int, n: int = 6, freedom: float = np.inf) -> _gaussian.Gaussian:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    return _gaussian.Gaussian(rng.normal(size=n), A @ A.T / n + 0.1 * np.eye(n), freedom)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_conditioning_is_the_ratio_of_two_densities(seed: int, q: int) -> None:
    prior, rng = joint(seed), np.random.default_rng(seed + 1)
    places, y, noise = rng.permutation(6)[:q], rng.normal(size=q), rng.uniform(0.1, 1, q)
    after = _gaussian.condition(prior, places, y, noise)
    H = np.eye(6)[places]
    precision = np.linalg.inv(prior.covariance) + H.T @ np.diag(1 / noise) @ H
    slow = np.linalg.inv(precision)
    right = np.linalg.inv(prior.covariance) @ prior.mean + H.T @ (y / noise)
    assert np.allclose(after.covariance, slow, atol=1e-7)
    assert np.allclose(after.mean, slow @ right, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_a_cell_without_noise_is_reproduced(seed: int) -> None:
    after = _gaussian.condition(joint(seed), np.array([2]), np.array([1.5]), np.array([0.0]))
    assert abs(after.mean[2] - 1.5) < 1e-9
    assert after.sd[2] < 1e-6


def test_influences_sum_to_the_move() -> None:
    prior, places, y = joint(3), np.array([0, 4]), np.array([0.3, -1.0])
    noise = np.array([0.1, 0.2])
    after = _gaussian.condition(prior, places, y, noise)
    moves = _gaussian.influence(prior, places, y, noise)
    assert np.allclose(moves.sum(axis=0), after.mean - prior.mean)


def test_surprise_widens_a_t() -> None:
    prior = joint(4, freedom=5)
    near, far = (
        _gaussian.condition(prior, np.array([0]), prior.mean[:1] + off, np.array([0.1]))
        for off in (0.0, 10.0)
    )
    assert far.sd[1] > 2 * near.sd[1]
    assert near.freedom == far.freedom == 6


def test_the_probability_of_being_best_is_that_of_brute_force() -> None:
    found = joint(5)
    rng = np.random.default_rng(99)
    slow = rng.multivariate_normal(found.mean, found.covariance, 200_000)
    shares = np.bincount(slow.argmax(axis=1), minlength=6) / len(slow)
    assert np.abs(_best.p_best(found) - shares).max() < 0.03
    assert _best.p_best(found).sum() == pytest.approx(1)
    near = norm.cdf(slow) >= norm.cdf(slow).max(axis=1, keepdims=True) - 0.01
    assert np.abs(_best.p_within(found) - near.mean(axis=0)).max() < 0.03


def test_two_places_have_a_closed_form() -> None:
    found = _gaussian.Gaussian(np.array([0.0, 0.4]), np.array([[1.0, 0.3], [0.3, 0.5]]), np.inf)
    p = norm.cdf(0.4 / np.sqrt(1.0 + 0.5 - 0.6))
    assert abs(_best.p_best(found, n_draws=100_000)[1] - p) < 0.01


def test_the_plan_is_the_best_of_all_one_step_lookaheads() -> None:
    prior, noise = joint(8, n=4), np.full(4, 0.2)
    rng = np.random.default_rng(0)
    gains = []
    for place in range(4):
        sd = np.sqrt(prior.covariance[place, place] + noise[place])
        seen = prior.mean[place] + sd * rng.normal(size=20_000)
        slope = prior.covariance[:, place] / sd**2
        means = prior.mean + (seen - prior.mean[place])[:, None] * slope
        best = norm.cdf(means.max(axis=1)).mean()
        gains.append(best - norm.cdf(means[:, prior.mean.argmax()]).mean())
    found = _plan.following(prior, noise)
    assert found.place == int(np.argmax(gains))
    assert np.allclose(_plan.gain(prior, noise), gains, atol=0.005)


def test_filling_takes_the_cell_that_leaves_the_least_variance() -> None:
    prior, noise = joint(9), np.full(6, 0.3)
    left = [
        np.trace(_gaussian.condition(prior, np.array([i]), np.zeros(1), noise[:1]).covariance)
        for i in range(6)
    ]
    assert _plan.following(prior, noise, goal="fill").place == int(np.argmin(left))
    assert np.allclose(np.trace(prior.covariance) - _plan.fall(prior, noise), left)


def test_cost_stop_and_allowed_are_heeded() -> None:
    prior, noise = joint(8, n=4), np.full(4, 0.2)
    first = _plan.following(prior, noise).place
    dear = np.where(np.arange(4) == first, 1e6, 1.0)
    assert _plan.following(prior, noise, cost=dear).place != first
    allowed = np.arange(4) != first
    assert _plan.following(prior, noise, allowed=allowed).place != first
    sure = _gaussian.Gaussian(np.array([0.0, 2.0]), 1e-6 * np.eye(2))
    assert not _plan.following(sure, np.ones(2)).is_worth
    with pytest.raises(InputError, match="no cell is left"):
        _plan.following(prior, noise, allowed=np.zeros(4, dtype=bool))


def test_little_gain_for_next_to_nothing_is_no_reason_to_measure() -> None:
    joint = _gaussian.Gaussian(np.zeros(3), np.diag([0.04, 0.04, 1e-8]))
    noise, cost = np.full(3, 1e-4), np.array([1e6, 2e6, 1e-9])
    worth = _plan.gain(joint, noise)
    assert 0 < worth[2] < _plan.STOP < worth[0]
    found = _plan.following(joint, noise, cost)
    assert found == _plan.Next(0, float(worth[0]), True)
    only = _plan.following(joint, noise, cost, allowed=np.array([False, False, True]))
    assert (only.place, only.is_worth) == (2, False)


def test_the_scale_goes_there_and_back_and_its_slope_is_the_derivative() -> None:
    a = np.linspace(0.02, 0.98, 50)
    assert np.allclose(_scale.to_accuracy(_scale.to_scale(a)), a)
    slow = (_scale.to_scale(a + 1e-6) - _scale.to_scale(a - 1e-6)) / 2e-6
    assert np.allclose(_scale.slope(a), slow, rtol=1e-4)
    assert np.isfinite(_scale.to_scale([0.0, 1.0])).all()


def test_draws_follow_the_density() -> None:
    found = joint(11, n=3)
    some = _gaussian.draws(found, 50_000, seed=1)
    assert np.allclose(np.cov(some.T), found.covariance, atol=0.05)
    assert np.array_equal(some, _gaussian.draws(found, 50_000, seed=1))
    entropy = -multivariate_normal(found.mean, found.covariance).logpdf(some).mean()
    assert abs(entropy - multivariate_normal(found.mean, found.covariance).entropy()) < 0.05
