"""The prior of curves against laws that are known, and against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from charz.curves import _answer, _inputs, _prior
from charz.curves._prior import Prior
from charz.sample import Sample
from charz.steps import _features

N_GROUPS, SIZES = 30, np.array([16, 64, 256, 1024])


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    """Curves whose law the prior can say: log-odds rise by a growth that a slope tells."""
    rng = np.random.default_rng(0)
    rows: dict[str, list[Any]] = {name: [] for name in ("n", "at", "truth", "group")}
    inputs: dict[str, list[float]] = {name: [] for name in _inputs.GROWING}
    for group in range(N_GROUPS):
        top, growth = rng.normal(1, 1), rng.uniform(0, 3)
        for n in SIZES:
            true = _true(top, growth, SIZES)
            own = float(true[n == SIZES][0]) + rng.normal(0, 0.3 / np.sqrt(n))
            seen = dict.fromkeys(_inputs.GROWING, float(np.clip(own, 0.01, 0.99)))
            seen |= {"n_classes": 2.0, "majority_share": 0.5, "curve_shape_slope": growth / 50}
            for at, truth in zip(SIZES[n <= SIZES], true[n <= SIZES], strict=True):
                for name, value in zip(rows, (n, at, truth, f"g{group}"), strict=True):
                    rows[name].append(value)
                for name in inputs:
                    inputs[name].append(seen[name])
    known = {name: np.array(values) for name, values in inputs.items()}
    return {name: np.array(values) for name, values in rows.items()} | {"inputs": known}


def _true(top: float, growth: float, sizes: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(top - growth * np.sqrt(16 / sizes))))


@pytest.fixture(scope="module")
def learned(world: dict[str, Any]) -> dict[str, np.ndarray]:
    return _prior.fit(*(world[name] for name in ("n", "at", "inputs", "truth", "group")))


def test_a_prior_beats_the_score_that_is_there_where_curves_rise(
    world: dict[str, Any], learned: dict[str, np.ndarray]
) -> None:
    out = np.isin(world["group"], [f"g{i}" for i in range(0, N_GROUPS, 3)])
    n, at = world["n"].astype(float), world["at"].astype(float)
    seen = {name: column[~out] for name, column in world["inputs"].items()}
    asked = {name: column[out] for name, column in world["inputs"].items()}
    model = _prior.regress(n[~out], at[~out], seen, world["truth"][~out], world["group"][~out])
    ahead = at[out] > n[out]
    said = _prior.values(model, n[out], at[out], asked)[ahead]
    truth = world["truth"][out][ahead]
    assert np.abs(said - truth).mean() < 0.6 * np.abs(asked["cv"][ahead] - truth).mean()


def test_the_slopes_are_those_of_scikit_learn(world: dict[str, Any]) -> None:
    n, at = world["n"].astype(float), world["at"].astype(float)
    model = _prior.regress(n, at, world["inputs"], world["truth"], world["group"])
    scale = {k.removeprefix("inputs/"): v for k, v in model.items() if k.startswith("inputs/")}
    Z = _inputs.matrix(scale, n, world["inputs"])
    own = np.column_stack([np.ones(len(n)), Z])
    C = np.hstack([own, own * np.log2(n / 64)[:, None] / 3, own * np.sqrt(64 / n)[:, None]])
    D = np.hstack([C, C * (1 - np.sqrt(n / at))[:, None]])  # here all inputs are those of growth
    spread = np.sqrt((D**2).mean(axis=0)) + 1e-9
    sizes = {group: (world["group"] == group).sum() for group in np.unique(world["group"])}
    worth = np.clip(np.sqrt(n / 64), 0.5, 2) / [sizes[group] for group in world["group"]]
    z = np.log(world["truth"] / (1 - world["truth"]))
    said = z
    for _ in range(_prior.N_ROUNDS):
        p = 1 / (1 + np.exp(-said))
        weight = worth * np.maximum(p * (1 - p), 0.03) / np.maximum(np.abs(z - said), _prior.NEAR)
        by = Ridge(alpha=_prior.PENALTY * weight.sum()).fit((D / spread)[:, 1:], z, weight)
        said = by.predict((D / spread)[:, 1:])
    answer = D[:, : C.shape[1]] @ model["start"] + D[:, C.shape[1] :] @ model["growth"]
    assert answer == pytest.approx(said, abs=1e-6)


def test_of_samples_that_look_alike_the_most_count_and_not_their_mean() -> None:
    groups = np.array([f"g{i}" for i in range(40)])
    truth = np.where(np.arange(40) % 10 < 7, 0.8, 0.4)
    n, inputs = np.full(40, 64.0), {name: np.full(40, 0.6) for name in _inputs.GROWING}
    model = _prior.regress(n, n, inputs, truth, groups)
    assert np.mean(truth) < 0.7
    assert _prior.values(model, n, n, inputs) == pytest.approx(0.8, abs=0.02)


def test_a_curve_never_falls_and_flattens(learned: dict[str, np.ndarray]) -> None:
    inputs = dict.fromkeys(_inputs.GROWING, 0.6) | {"n_classes": 2.0, "curve_shape_slope": 0.03}
    prior = Prior(learned, 32, inputs)
    values = prior.values(32 * 2.0 ** np.arange(9))
    assert (np.diff(values) >= 0).all()
    assert values[-1] - values[-2] < values[1] - values[0]
    assert prior.support > 0


def test_gaps_are_filled_and_names_are_kept(learned: dict[str, np.ndarray]) -> None:
    assert set(_prior.names(learned)) == set(_inputs.GROWING)
    inputs = dict.fromkeys(_inputs.GROWING, float("nan")) | {"n_classes": 2.0}
    assert 0 < Prior(learned, 32, inputs).values([64])[0] < 1


def test_what_is_said_of_labelled_rows_alone_looks_at_no_eval_row() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 3
    X = rng.normal(size=(40, 6)) + y[:, None]
    here, there = (Sample(X, y, eval_) for eval_ in (X[:5], rng.normal(9, 4, size=(33, 6))))
    one, other = (_features.compute(sample, _inputs.ALONE) for sample in (here, there))
    assert set(one) == set(_inputs.ALONE)
    assert one == pytest.approx(other, nan_ok=True)


def test_the_number_told_is_the_one_most_probably_near(learned: dict[str, np.ndarray]) -> None:
    inputs = dict.fromkeys(_inputs.GROWING, 0.6) | {"n_classes": 2.0, "curve_shape_slope": 0.03}
    prior = Prior(learned, 64, inputs)
    band = _answer.band(prior, prior.values, 0.9)
    for target in (0.5, 0.62, 0.7, 0.8):
        reached = _answer.chances(prior, band, target)
        # Slowly: the true number falls between two sizes, or at the first.
        mass = np.diff(np.concatenate([[0.0], reached]))
        steps = np.round(np.log2(band.sizes / 64) * _answer.STEPS).astype(int)
        near = [mass[np.abs(steps - step) <= _answer.STEPS].sum() for step in steps]
        n, sure = _answer.likeliest(band, reached)
        assert sure == pytest.approx(max(near))
        assert near[int(np.argmin(np.abs(band.sizes - n)))] == pytest.approx(max(near), abs=0.02)
