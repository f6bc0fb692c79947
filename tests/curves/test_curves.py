"""Learning curves against laws that are known."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.curves import exp, last, logpower, mmf4, pow3, pow4, wbl4
from charz.curves._points import points
from charz.errors import InputError

CURVES = shelf.items("curves")
SIZES = 16 * 2 ** np.arange(7)

every = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)


@every
@settings(deadline=None, max_examples=40)
@given(
    scores=st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=0, max_size=9),
    data=st.data(),
)
def test_any_points_give_scores_in_range_or_nan(
    curve: ModuleType, scores: list[float], data: st.DataObject
) -> None:
    sizes = data.draw(st.lists(st.integers(1, 5000), min_size=len(scores), max_size=len(scores)))
    parameters = curve.fit(np.array(sizes, dtype=int), np.array(scores))
    assert all(type(p) is float for p in parameters)
    answer = curve.value([1, 10**3, 10**6], parameters)
    assert answer.shape == (3,)
    assert np.isnan(answer).all() or ((answer >= 0) & (answer <= 1)).all()


@every
def test_missing_scores_and_order_do_not_matter(curve: ModuleType) -> None:
    rng = np.random.default_rng(0)
    score = 0.9 - 1.2 * SIZES**-0.5 + rng.normal(0, 0.01, 7)
    parameters = curve.fit(SIZES, score)
    turned = curve.fit([*SIZES[::-1], 9999], [*score[::-1], np.nan])
    assert turned == pytest.approx(parameters, rel=1e-9)


@every
def test_a_flat_curve_stays_flat(curve: ModuleType) -> None:
    answer = curve.value([10**5], curve.fit(SIZES, np.full(7, 0.7)))
    assert answer == pytest.approx([0.7], abs=0.005)


@every
def test_bad_points_are_named(curve: ModuleType) -> None:
    with pytest.raises(InputError, match="not positive"):
        curve.fit([0, 1, 2], [0.5, 0.5, 0.5])
    with pytest.raises(InputError, match="one score per size"):
        curve.fit([1, 2], [0.5])


@pytest.mark.parametrize("a", [0.7, 0.95])
@pytest.mark.parametrize("b", [0.5, 1.5])
@pytest.mark.parametrize("c", [0.3, 0.5, 1.0])
def test_pow3_finds_its_own_law(a: float, b: float, c: float) -> None:
    score = np.maximum(a - b * SIZES**-c, 0.001)
    parameters = pow3.fit(SIZES, score)
    assert parameters == pytest.approx((a, b, c), rel=0.01)
    assert pow3.value([10**5], parameters) == pytest.approx([a - b * 1e5**-c], abs=1e-3)


def test_pow4_finds_a_shifted_law() -> None:
    score = 0.9 - 5 * (SIZES + 100.0) ** -0.7
    parameters = pow4.fit(SIZES, score)
    ahead = 0.9 - 5 * (8192 + 100.0) ** -0.7
    assert pow4.value([8192], parameters) == pytest.approx([ahead], abs=2e-3)
    assert pow4.value(SIZES, parameters) == pytest.approx(score, abs=1e-3)


def test_one_unlucky_draw_bends_no_curve() -> None:
    score = 0.9 - 1.2 * SIZES**-0.5
    spoilt = score.copy()
    spoilt[3] -= 0.15
    ahead = pow3.value([16 * 2**9], pow3.fit(SIZES, spoilt))
    assert ahead == pytest.approx(0.9 - 1.2 * (16 * 2.0**9) ** -0.5, abs=0.015)


def test_extrapolation_beats_the_last_value_on_noisy_growth() -> None:
    rng = np.random.default_rng(0)
    errors: dict[str, list[float]] = {"last": [], "pow3": []}
    for _ in range(40):
        a, b, c = rng.uniform(0.7, 0.95), rng.uniform(0.5, 1.5), rng.uniform(0.3, 0.6)
        score = a - b * SIZES[:5] ** -c + rng.normal(0, 0.01, 5)
        truth = a - b * 4096.0**-c
        for name, curve in (("last", last), ("pow3", pow3)):
            errors[name].append(abs(curve.value([4096], curve.fit(SIZES[:5], score))[0] - truth))
    assert np.mean(errors["pow3"]) < 0.7 * np.mean(errors["last"])


@pytest.mark.parametrize(
    ("curve", "least"),
    [(last, 1), (pow3, 3), (exp, 3), (logpower, 3), (pow4, 4), (mmf4, 4), (wbl4, 4)],
)
def test_too_few_sizes_fix_no_curve(curve: ModuleType, least: int) -> None:
    short = np.repeat(SIZES[: least - 1], 3)
    assert np.isnan(curve.fit(short, np.full(len(short), 0.6))).all()
    assert np.isnan(curve.value([100], curve.fit(short, np.full(len(short), 0.6)))).all()
    assert np.isfinite(curve.fit(SIZES[:least], np.linspace(0.6, 0.7, least))).all()


LAWS: dict[ModuleType, tuple[float, ...]] = {
    exp: (0.85, 0.4, 0.01),
    logpower: (0.9, 2.5, -0.6),
    mmf4: (0.4, 12.0, 0.9, 0.6),
    wbl4: (0.1, 0.6, 0.9, 0.4),
}


@pytest.mark.parametrize("curve", LAWS, ids=lambda curve: curve.__name__.split(".")[-1])
def test_families_find_their_own_laws(curve: ModuleType) -> None:
    law = LAWS[curve]
    found = curve.fit(SIZES, curve.value(SIZES, law))
    far = np.array([2048, 8192])
    assert curve.value(far, found) == pytest.approx(curve.value(far, law), abs=4e-3)


FORMULAS: dict[ModuleType, Callable[..., Any]] = {
    pow3: lambda n, a, b, c: a - b * n**-c,
    exp: lambda n, a, b, c: a - b * np.exp(-c * n),
    mmf4: lambda n, a, b, c, d: (a * b + c * n**d) / (b + n**d),
    wbl4: lambda n, a, b, c, d: c - b * np.exp(-a * n**d),
    logpower: lambda n, a, b, c: a / (1 + (n / np.exp(b)) ** c),
}


@pytest.mark.parametrize("curve", FORMULAS, ids=lambda curve: curve.__name__.split(".")[-1])
def test_fits_are_as_near_as_those_of_scipy(curve: ModuleType) -> None:
    from scipy.optimize import curve_fit

    rng = np.random.default_rng(3)
    truth = 0.88 - 1.1 * SIZES**-0.5
    noise = 0.002 * np.ones(7)
    score = truth + rng.normal(0, noise)
    ours = curve.fit(SIZES, score, noise)
    formula = FORMULAS[curve]
    assert curve.value(SIZES, ours) == pytest.approx(formula(SIZES.astype(float), *ours), abs=1e-9)
    theirs, _ = curve_fit(formula, SIZES.astype(float), score, p0=ours, sigma=noise, maxfev=20000)
    error = np.sum((curve.value(SIZES, ours) - score) ** 2)
    least = np.sum((formula(SIZES.astype(float), *theirs) - score) ** 2)
    assert error <= 1.05 * least + 1e-6


@pytest.mark.parametrize("curve", [pow3, pow4, exp, logpower, mmf4, wbl4])
def test_a_point_that_is_hardly_known_hardly_counts(curve: ModuleType) -> None:
    score = 0.9 - 1.2 * SIZES**-0.5
    spoilt = score.copy()
    spoilt[0] += 0.1
    noise = np.where(np.arange(7) == 0, 1.0, 0.001)
    told = curve.value([4096], curve.fit(SIZES, spoilt, noise))
    plain = curve.value([4096], curve.fit(SIZES[1:], score[1:]))
    assert told == pytest.approx(plain, abs=5e-3)


def test_standard_errors_are_positive() -> None:
    with pytest.raises(InputError, match="standard errors"):
        last.fit([8, 16], [0.5, 0.6], [0.1, 0.0])
    with pytest.raises(InputError, match="standard errors"):
        last.fit([8, 16], [0.5, 0.6], [0.1])


def test_last_averages_repeats_at_the_largest_size() -> None:
    assert last.fit([8, 64, 64, 8], [0.1, 0.6, 0.8, 0.9]) == pytest.approx((0.7,))
    assert points([], []).shape == (0, 3)
