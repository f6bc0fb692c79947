"""Mixtures against their components, one by one, and against draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from charz.completion import _gaussian, _grid, _mixture, kernel, mixture
from charz.completion._record import Record


def example(seed: int, n: int = 5, k: int = 4, freedom: float = np.inf) -> _mixture.Mixture:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    return _mixture.mixture(rng.normal(size=n), A @ A.T / n + 0.1 * np.eye(n),
                            rng.normal(size=(k, n)), rng.uniform(0.1, 1, k), freedom)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_a_mixture_given_cells_is_its_components_given_cells(seed: int, q: int) -> None:
    prior, rng = example(seed), np.random.default_rng(seed + 1)
    places, y, noise = rng.permutation(5)[:q], rng.normal(size=q), rng.uniform(0.1, 1, q)
    after = prior.given(places, y, noise)
    parts, fits = [], []
    for weight, offset in zip(prior.weights, prior.offsets, strict=True):
        part = _gaussian.Gaussian(prior.mean + offset, prior.within, np.inf)
        seen = part.covariance[np.ix_(places, places)] + np.diag(noise)
        fits.append(weight * multivariate_normal(part.mean[places], seen).pdf(y))
        parts.append(_gaussian.condition(part, places, y, noise))
    weights = np.array(fits) / np.sum(fits)
    means = np.array([part.mean for part in parts])
    mean = weights @ means
    spread = sum(
        w * (part.covariance + np.outer(part.mean - mean, part.mean - mean))
        for w, part in zip(weights, parts, strict=True)
    )
    assert np.allclose(after.mean, mean)
    assert np.allclose(after.covariance, spread)
    assert np.allclose(after.weights, weights)
    assert np.allclose(prior.moves(places, y, noise).sum(axis=0), after.mean - prior.mean)


def test_the_moments_are_those_of_draws() -> None:
    found, rng = example(3), np.random.default_rng(0)
    which = rng.choice(4, size=200_000, p=found.weights)
    noise = rng.multivariate_normal(np.zeros(5), found.within, 200_000)
    drawn = found.mean + found.offsets[which] + noise
    assert np.allclose(drawn.mean(axis=0), found.mean, atol=0.02)
    assert np.allclose(np.cov(drawn.T), found.covariance, atol=0.05)


def test_one_component_is_a_gaussian() -> None:
    one = example(4, k=1, freedom=7.0)
    plain = _gaussian.Gaussian(one.mean, one.covariance, 7.0)
    seen = np.array([1, 3]), np.array([0.4, -2.0]), np.array([0.1, 0.2])
    found, other = one.given(*seen), plain.given(*seen)
    assert np.allclose(found.mean, other.mean)
    assert np.allclose(found.covariance, other.covariance)
    assert found.freedom == other.freedom


def test_a_part_and_a_wider_one_are_what_they_say() -> None:
    whole, kept = example(5), np.array([4, 0, 2])
    seen = np.array([1]), np.array([0.7]), np.array([0.1])
    part = whole.only(kept).given(*seen)
    slow = whole.given(np.array([0]), seen[1], seen[2])
    assert np.allclose(part.mean, slow.mean[kept])
    assert np.allclose(part.covariance, slow.covariance[np.ix_(kept, kept)])
    assert np.allclose(whole.wider(2.0).sd, 2 * whole.sd)


def test_a_prior_of_known_tasks_varies_as_they_do(record: Record) -> None:
    grid = _grid.of_record(record)
    model = mixture.fit(grid)
    far = np.full_like(grid.features["tasks"][0], 0.0)
    found = mixture.prior(model, "tasks", far)
    plain = kernel.prior(kernel.fit(grid), "tasks", far)
    assert 0.5 < np.trace(found.covariance) / np.trace(plain.covariance) < 1.5
    known = np.flatnonzero(np.isfinite(grid.Y[0]))
    means = model["middle"] + (grid.features["tasks"] @ model["tasks.slopes"])[0] @ (
        model["encoders.mean"].T
    )
    said = means + model["tasks.lines"][0]
    assert np.abs(said - grid.Y[0])[known].mean() < 0.1 * np.abs(means - grid.Y[0])[known].mean()
