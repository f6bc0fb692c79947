"""What fine-tuning gains: the two formulas against scikit-learn, and what ships."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut

from charz.errors import InputError
from charz.heads import _choose, _tuned


def samples(seed=0, n_groups=8, each=5, noise=0.02):
    """Samples whose gain is what the second formula says, and noise."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([f"g{i}" for i in range(n_groups)], each)
    sizes = rng.choice([16.0, 64.0, 256.0, 1024.0], len(groups))
    seen = rng.normal(0, 0.05, len(groups))
    log_n = np.log2(sizes)
    gains = -0.03 + 0.006 * log_n + (0.1 + 0.08 * log_n) * seen
    return sizes, seen, gains + noise * rng.normal(size=len(groups)), groups


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_without_noise_the_formula_is_found(seed):
    sizes, seen, gains, groups = samples(seed, noise=0.0)
    if len(set(sizes)) < 2:
        return
    learned = _tuned.fit(sizes, seen, gains, groups, {})
    np.testing.assert_allclose(learned.after, [-0.03, 0.006, 0.1, 0.08], atol=1e-9)
    assert np.abs(learned.residuals[:, 1]).max() < 1e-8


def test_residuals_are_those_of_groups_left_out():
    sizes, seen, gains, groups = samples()
    learned = _tuned.fit(sizes, seen, gains, groups, {})
    log_n = np.log2(sizes)
    for place, X in enumerate((log_n[:, None], np.column_stack([log_n, seen, seen * log_n]))):
        left_out = np.empty(len(gains))
        for kept, others in LeaveOneGroupOut().split(X, gains, groups):  # of 8 groups, 10 folds
            model = LinearRegression().fit(X[kept], gains[kept])  # groups are of one size here
            left_out[others] = gains[others] - model.predict(X[others])
        np.testing.assert_allclose(learned.residuals[:, place], left_out, atol=1e-9)


def test_a_group_weighs_the_same_however_many_samples_it_has():
    sizes, seen, gains, groups = samples()
    twice = np.concatenate([np.arange(len(gains)), np.flatnonzero(groups == "g0")])
    once, more = (
        _tuned.fit(sizes[rows], seen[rows], gains[rows], groups[rows], {})
        for rows in (np.arange(len(gains)), twice)
    )
    np.testing.assert_allclose(once.before, more.before, atol=1e-12)
    np.testing.assert_allclose(once.after, more.after, atol=1e-12)


def test_intervals_hold_what_they_promise_on_new_groups():
    learned = _tuned.fit(*samples(1, n_groups=60), {})
    sizes, seen, gains, _ = samples(2, n_groups=60)
    inside = []
    for n, own, gain in zip(sizes, seen, gains, strict=True):
        low, high = np.quantile(_tuned.draws(learned, int(n), own, 4000), [0.05, 0.95])
        inside.append(low <= gain <= high)
    assert 0.85 <= np.mean(inside) <= 0.95


def test_beyond_the_sizes_learned_from_the_nearest_counts():
    learned = _tuned.fit(*samples(), {})
    for far, near in ((4, 16), (10**6, 1024)):
        assert _tuned.expected(learned, far, 0.03) == _tuned.expected(learned, near, 0.03)
        assert np.array_equal(*(_tuned.draws(learned, n, None, 50) for n in (far, near)))


def test_what_ships_is_read_as_it_was_written():
    learned = _tuned.fit(*samples(), {"n_samples": 40})
    again = _tuned.from_json(_tuned.to_json(learned))
    for n, seen in ((16, None), (64, 0.02), (1024, -0.1)):
        kept = _tuned.expected(again, n, seen)
        assert kept == pytest.approx(_tuned.expected(learned, n, seen), abs=1e-4)
    assert again.facts == {"n_samples": 40}
    other = json.dumps(json.loads(_tuned.to_json(learned)) | {"format": 99})
    with pytest.raises(InputError, match="another format"):
        _tuned.from_json(other)


@given(st.integers(2, 20_000), st.floats(-0.5, 0.5))
@settings(deadline=None, max_examples=60)
def test_the_shipped_one_trusts_a_cross_validated_gain_in_part_and_more_with_rows(n, seen):
    learned = _tuned.shipped()
    slope = _tuned.expected(learned, n, seen + 0.01) - _tuned.expected(learned, n, seen)
    with_more = _tuned.expected(learned, 2 * n, 0.01) - _tuned.expected(learned, 2 * n, 0.0)
    assert -1e-9 <= slope <= 0.012
    assert slope <= with_more + 1e-9
    assert learned.facts["n_groups"] >= 30


def test_before_it_is_tried_the_interval_is_wide_and_says_what_it_is():
    found = _choose.tuning(64, level=0.5)
    wider = _choose.tuning(64, level=0.9)
    assert wider["low"] < found["low"] < found["high"] < wider["high"]
    assert 0 < found["probability"] < 1
