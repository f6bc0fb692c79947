"""Each item against what it stands for."""

from __future__ import annotations

import numpy as np
from scipy.stats import multivariate_normal

from charz.completion import _factors, _grid, additive
from charz.completion._record import Record


def test_additive_is_least_squares(record: Record) -> None:
    grid = _grid.of_record(record)
    t, e = np.nonzero(np.isfinite(grid.Y))
    n_tasks, n_encoders = grid.Y.shape
    X = np.zeros((len(t), n_tasks + n_encoders))
    X[np.arange(len(t)), t] = 1
    X[np.arange(len(t)), n_tasks + e] = 1
    effects = np.linalg.lstsq(X, grid.Y[t, e], rcond=None)[0]
    model = additive.fit(grid)
    said = model["middle"] + model["tasks.effect"][t] + model["encoders.effect"][e]
    assert np.allclose(said, X @ effects, atol=1e-6)


def test_sweeps_raise_the_likelihood_of_lines_that_were_held_out(record: Record) -> None:
    grid = _grid.of_record(record)
    kept, out = slice(0, 45), range(45, 60)
    part = _grid.Grid(
        grid.Y[kept], grid.noise[kept],
        grid.features | {"tasks": grid.features["tasks"][kept]}, grid.weights[kept],
    )  # fmt: skip
    found = []
    for n_sweeps in (1, 5, 25):
        model, total = _factors.fit(part, 4, n_sweeps), 0.0
        for row in out:
            prior = _factors.prior(model, "tasks", grid.features["tasks"][row])
            known = np.flatnonzero(np.isfinite(grid.Y[row]))
            S = prior.covariance[np.ix_(known, known)] + np.diag(grid.noise[row, known])
            total += multivariate_normal(prior.mean[known], S).logpdf(grid.Y[row, known])
        found.append(total)
    assert found[0] < found[1] < found[2]


def test_factors_find_a_low_rank_plane() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 30))
    Y = np.where(rng.random(truth.shape) < 0.6, truth, np.nan)
    ones = {"tasks": np.ones((50, 1)), "encoders": np.ones((30, 1))}
    model = _factors.fit(_grid.Grid(Y, np.full(Y.shape, 1e-4), ones, np.ones(50)), 6, 60)
    said = model["middle"] + model["tasks.mean"] @ model["encoders.mean"].T
    hidden = np.isnan(Y)
    assert np.abs(said - truth)[hidden].mean() < 0.1 * np.abs(truth)[hidden].mean()
