"""Paired tests against sums over every split, and against simulated tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import paired
from charz.errors import InputError

counts = st.integers(0, 60)


@given(counts, counts)
@settings(deadline=None)
def test_p_values_are_sums_over_splits(first: int, second: int) -> None:
    n = first + second
    every = [math.comb(n, k) * 0.5**n for k in range(n + 1)]
    as_far = [p for k, p in enumerate(every) if abs(k - n / 2) >= abs(first - n / 2) - 1e-9]
    exact = min(1.0, sum(as_far))
    assert paired.p_value(first, second, mid=False) == pytest.approx(exact, abs=1e-9)
    tie = 1 if first != second else 0
    same = every[first] + tie * every[second]
    mid = 1.0 if first == second else exact - same / 2
    assert paired.p_value(first, second) == pytest.approx(mid, abs=1e-9)
    assert paired.p_value(first, second) == paired.p_value(second, first)


def test_the_mid_p_test_holds_its_level_better_than_the_exact_one() -> None:
    rng = np.random.default_rng(0)
    split = rng.multinomial(200, [0.1, 0.1, 0.8], size=2000)
    mid = np.mean([paired.p_value(a, b) <= 0.05 for a, b, _ in split])
    exact = np.mean([paired.p_value(a, b, mid=False) <= 0.05 for a, b, _ in split])
    assert exact < mid < 0.06


@given(counts, counts, st.integers(1, 300), st.floats(0.5, 0.99))
@settings(deadline=None)
def test_intervals_hold_what_was_seen_and_turn_with_the_sides(
    first: int, second: int, others: int, level: float
) -> None:
    n = first + second + others
    low, high = paired.interval(first, second, n, level)
    assert -1 <= low <= (first - second) / n <= high <= 1
    turned = paired.interval(second, first, n, level)
    assert turned == pytest.approx((-high, -low))
    wider = paired.interval(first, second, n, (1 + level) / 2)
    assert wider[0] <= low <= high <= wider[1]


def test_intervals_cover_what_they_promise() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for a, b, _ in rng.multinomial(150, [0.15, 0.08, 0.77], size=1500):
        low, high = paired.interval(int(a), int(b), 150, 0.9)
        held += low <= 0.07 <= high
    assert 0.87 < held / 1500 < 0.94


@pytest.mark.parametrize(
    ("n", "first", "second"), [(60, 0.25, 0.05), (200, 0.15, 0.07), (600, 0.125, 0.075)]
)
def test_power_is_the_share_of_simulated_tables_that_show_it(
    n: int, first: float, second: float
) -> None:
    rng = np.random.default_rng(2)
    tables = rng.multinomial(n, [first, second, 1 - first - second], size=3000)
    found = np.mean([a > b and paired.p_value(a, b) <= 0.05 for a, b, _ in tables.tolist()])
    assert paired.power(n, first, second) == pytest.approx(found, abs=0.03)
    assert paired.power(n, second, first) == pytest.approx(paired.power(n, first, second))


@pytest.mark.parametrize(("first", "second"), [(0.2, 0.1), (0.12, 0.07), (0.05, 0.0)])
def test_the_rows_needed_have_the_power_and_half_of_them_have_not(
    first: float, second: float
) -> None:
    n = paired.rows_needed(first, second)
    assert n is not None
    assert paired.power(n, first, second) >= 0.8
    assert paired.power(n // 2, first, second) < 0.8


def test_the_sample_sizes_of_the_literature_come_out() -> None:
    # 10 points of difference at a discordance of 20 and 30%, 5 points at the same: 80% power.
    assert paired.rows_needed(0.15, 0.05) == pytest.approx(155, rel=0.06)
    assert paired.rows_needed(0.20, 0.10) == pytest.approx(233, rel=0.06)
    assert paired.rows_needed(0.125, 0.075) == pytest.approx(626, rel=0.06)


def test_no_difference_needs_no_number() -> None:
    assert paired.rows_needed(0.1, 0.1) is None
    assert paired.rows_needed(0.0, 0.0) is None
    with pytest.raises(InputError, match="discordant"):
        paired.rows_needed(0.7, 0.7)
    with pytest.raises(InputError, match="power"):
        paired.rows_needed(0.2, 0.1, 1.0)
