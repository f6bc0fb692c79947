"""Conformal intervals: coverage on simulated groups, and the quantile by its definition."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.errors import InputError
from charz.metamodels import _conformal

Cells = dict[str, np.ndarray]


def simulate(seed: int, n_groups: int, rows: int = 15) -> Cells:
    """Cells whose errors have a part common to the group and grow with few rows."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), rows)
    n_train = rng.choice([8, 32, 128, 512], len(group))
    truth = rng.uniform(0.4, 0.95, len(group))
    shift = rng.normal(0, 0.03, n_groups)[group]
    noise = rng.standard_t(5, len(group)) * np.sqrt(truth * (1 - truth) / n_train)
    guess = np.clip(truth + shift + noise, 0, 1)
    n_eval = np.full(len(group), 500)
    return {"truth": truth, "guess": guess, "group": group, "n_train": n_train, "n_eval": n_eval}


def sizes(cells: Cells, rows: np.ndarray | slice = slice(None)) -> Cells:
    return {name: cells[name][rows] for name in ("n_train", "n_eval")}


def calibrated(cells: Cells) -> Cells:
    return _conformal.calibrate(cells["guess"], cells["truth"], cells["group"], sizes(cells))


def coverage(known: Cells, new: Cells, level: float) -> np.ndarray:
    low, high = _conformal.interval(known, new["guess"], sizes(new), level)
    return (low <= new["truth"]) & (new["truth"] <= high)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_new_groups_are_covered_as_promised(level: float) -> None:
    shares = [
        coverage(calibrated(simulate(seed, 30)), simulate(1000 + seed, 30), level).mean()
        for seed in range(25)
    ]
    # 25 x 30 new groups: the standard error of the mean is below 0.015.
    assert level - 0.03 < np.mean(shares) < level + 0.08


def test_coverage_holds_where_samples_are_small_and_where_they_are_large() -> None:
    known = calibrated(simulate(0, 200))
    new = simulate(1, 200)
    covered = coverage(known, new, 0.9)
    by_size = [covered[new["n_train"] == n].mean() for n in (8, 32, 128, 512)]
    assert min(by_size) > 0.82
    low, high = _conformal.interval(known, new["guess"], sizes(new), 0.9)
    widths = [(high - low)[new["n_train"] == n].mean() for n in (8, 32, 128, 512)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]


def test_groups_weigh_the_same_however_many_rows_they_have() -> None:
    # One group of 1000 exact rows must not drown nine groups with errors of 0.1.
    group = np.concatenate([np.zeros(1000, int), np.arange(1, 10)])
    truth = np.full(len(group), 0.5)
    guess = np.where(group > 0, 0.6, 0.5)
    sizes = {"n_train": np.full(len(group), 64), "n_eval": np.full(len(group), 500)}
    known = _conformal.calibrate(guess, truth, group, sizes)
    low, high = _conformal.interval(known, [0.6], {"n_train": [64], "n_eval": [500]}, 0.8)
    assert low[0] <= 0.5 + 1e-9
    assert high[0] >= 0.7 - 1e-9


def quantile_by_definition(known: Cells, cells: Cells, level: float) -> float:
    """The least q with sum_g share_g(score <= q) / (G + 1) >= level, from every row."""
    expected = _conformal.expected_error(known, cells["guess"], sizes(cells))
    scores = np.abs(cells["truth"] - cells["guess"]) / expected
    groups = np.unique(cells["group"])
    for q in sorted(scores):
        shares = [(scores[cells["group"] == g] <= q).mean() for g in groups]
        if sum(shares) / (len(groups) + 1) >= level - 1e-12:
            return float(q)
    return math.inf


@pytest.mark.parametrize("n_groups", [1, 3, 12])
@pytest.mark.parametrize("level", [0.2, 0.5, 0.75, 0.9])
def test_the_quantile_is_the_hierarchical_one(n_groups: int, level: float) -> None:
    cells = simulate(7, n_groups, rows=6)
    known = calibrated(cells)
    expected = quantile_by_definition(known, cells, level)
    assert _conformal.quantile(known, level) == pytest.approx(expected)


def test_too_few_groups_for_the_level_give_the_whole_range() -> None:
    known = calibrated(simulate(0, 8))
    assert int(known["n_groups"]) == 8
    asked = {"n_train": [64], "n_eval": [500]}
    low, high = _conformal.interval(known, [0.7], asked, 0.9)  # 8 / 9 < 0.9
    assert (low[0], high[0]) == (0.0, 1.0)
    low, high = _conformal.interval(known, [0.7], asked, 0.8)
    assert high[0] - low[0] < 1


def test_losses_have_no_upper_end_but_their_intervals_do() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.2, 3, 400)
    guess = truth * np.exp(rng.normal(0, 0.2, 400))
    sizes = {"n_train": np.full(400, 64), "n_eval": np.full(400, 500)}
    known = _conformal.calibrate(guess, truth, np.arange(400) % 40, sizes, high=math.inf)
    asked = {"n_train": [64, 64], "n_eval": [500, 500]}
    low, high = _conformal.interval(known, [0.3, 2.5], asked, 0.9)
    assert (low >= 0).all()
    assert np.isfinite(high).all()
    assert (high - low)[1] > 2 * (high - low)[0]


def test_other_signs_of_risk_widen() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    doubt, truth = rng.uniform(0, 1, n), np.full(n, 0.6)
    cells = {"n_train": np.full(n, 64), "n_eval": np.full(n, 500), "doubt": doubt}
    guess = truth + rng.normal(0, 0.01 + 0.1 * doubt)
    known = _conformal.calibrate(guess, truth, np.arange(n) % 50, cells)
    asked = {"n_train": [64, 64], "n_eval": [500, 500], "doubt": [0.0, 1.0]}
    low, high = _conformal.interval(known, [0.6, 0.6], asked, 0.9)
    assert (high - low)[1] > 3 * (high - low)[0]
    with pytest.raises(InputError, match="'doubt' is absent"):
        _conformal.interval(known, [0.6], {"n_train": [64], "n_eval": [500]}, 0.9)


@settings(deadline=None, max_examples=60)
@given(
    value=st.floats(0, 1),
    n_train=st.integers(1, 10**6),
    n_eval=st.integers(1, 10**6),
    levels=st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2),
)
def test_intervals_hold_the_value_stay_in_range_and_nest(
    value: float, n_train: int, n_eval: int, levels: list[float]
) -> None:
    known = calibrated(simulate(0, 20))
    asked = {"n_train": [n_train], "n_eval": [n_eval]}
    narrow, wide = (_conformal.interval(known, [value], asked, q) for q in sorted(levels))
    assert 0 <= wide[0][0] <= narrow[0][0] <= value <= narrow[1][0] <= wide[1][0] <= 1


def test_a_calibration_survives_a_file_without_pickle() -> None:
    cells = simulate(0, 30)
    known = calibrated(cells)
    file = io.BytesIO()
    np.savez(file, **known)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        back = dict(loaded)
    for a, b in zip(
        _conformal.interval(known, cells["guess"], sizes(cells), 0.9),
        _conformal.interval(back, cells["guess"], sizes(cells), 0.9),
        strict=True,
    ):
        assert np.array_equal(a, b)


def test_bad_input_is_named() -> None:
    cells = simulate(0, 5)
    known = calibrated(cells)
    with pytest.raises(InputError, match="not inside"):
        _conformal.interval(known, [0.5], {"n_train": [8], "n_eval": [8]}, 1.0)
    with pytest.raises(InputError, match="not finite"):
        _conformal.interval(known, [0.5], {"n_train": [np.nan], "n_eval": [8]}, 0.9)
    with pytest.raises(InputError, match="absent or not finite"):
        _conformal.calibrate([], [], [], {"n_train": [], "n_eval": []})
