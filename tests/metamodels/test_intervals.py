"""Intervals of two kinds of rows, each covered as promised though no row says which it is."""

from __future__ import annotations

import numpy as np
import pytest

from charz.metamodels import _conformal, _intervals


def world(seed: int, n: int = 6000) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return truth about 0.6, whether rows are shifted, and signs of risk that show it."""
    rng = np.random.default_rng(seed)
    shift = rng.random(n) < 0.25
    truth = 0.6 + rng.normal(0, np.where(shift, 0.12, 0.03))
    moved = np.where(shift, 0.8, 0.2) + rng.normal(0, 0.1, n)
    risks = {"n_train": np.full(n, 64.0), "n_eval": np.full(n, 500.0), "moved": np.abs(moved)}
    return truth, shift, risks


def test_each_kind_is_covered_as_promised() -> None:
    truth, shift, risks = world(0)
    guess, groups = np.full(len(truth), 0.6), np.arange(len(truth)) % 60
    fitted = _intervals.fit(guess, truth, groups, risks, shift)
    new, is_shift, asked = world(1)
    low, high = _intervals.interval(fitted, guess, asked, 0.9)
    inside = (low <= new) & (new <= high)
    for rows in (is_shift, ~is_shift):
        assert inside[rows].mean() == pytest.approx(0.91, abs=0.03)


def test_one_kind_alone_is_plain_conformal_prediction() -> None:
    truth, _, risks = world(2, 600)
    guess, groups = np.full(600, 0.6), np.arange(600) % 30
    fitted = _intervals.fit(guess, truth, groups, risks, np.zeros(600))
    plain = _conformal.calibrate(guess, truth, groups, risks)
    for level in (0.5, 0.9, 0.99):
        found = _intervals.interval(fitted, guess, risks, level)
        assert np.array_equal(found, _conformal.interval(plain, guess, risks, level))


def test_more_than_the_groups_can_promise_is_the_whole_range() -> None:
    truth, shift, risks = world(3, 600)
    fitted = _intervals.fit(np.full(600, 0.6), truth, np.arange(600) % 12, risks, shift)
    assert "shift.all.slopes" in fitted
    low, high = _intervals.interval(fitted, np.full(600, 0.6), risks, 0.95)  # over 12 / 13
    assert (low == 0).all()
    assert (high == 1).all()
