"""Left-out groups in closed form against fits without them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.completion import _ridge


def design(seed: int, n: int = 20, p: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    return {"X": X, "weights": rng.uniform(0.2, 1, n), "groups": rng.integers(0, 6, n),
            "Y": X @ rng.normal(size=(p, 2)) + rng.normal(size=(n, 2))}  # fmt: skip


def slow(X: np.ndarray, w: np.ndarray, Y: np.ndarray, penalty: float) -> np.ndarray:
    R = np.diag([_ridge.FREE] + [penalty] * (X.shape[1] - 1))
    return np.linalg.inv((X.T * w) @ X + R) @ (X.T * w) @ Y


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_what_is_missed_is_what_fits_without_the_group_miss(seed: int, penalty: float) -> None:
    d = design(seed)
    plan = _ridge.Ridge(d["X"], d["weights"], d["groups"], [penalty])
    found = plan.fit(d["Y"], np.eye(2))
    assert np.allclose(found.slopes, slow(d["X"], d["weights"], d["Y"], penalty))
    for group in np.unique(d["groups"]):
        out = d["groups"] == group
        slopes = slow(d["X"][~out], d["weights"][~out], d["Y"][~out], penalty)
        assert np.allclose(found.missed[out], (d["Y"] - d["X"] @ slopes)[out], atol=1e-6)


def test_the_penalty_is_the_one_that_left_out_groups_prefer() -> None:
    d = design(1, n=60, p=12)
    noise = np.random.default_rng(2).normal(size=(60, 2))
    penalties = [0.1, 1e6]
    plan = _ridge.Ridge(d["X"], d["weights"], d["groups"], penalties)
    assert plan.fit(d["Y"], np.eye(2)).penalty == 0.1
    assert plan.fit(noise, np.eye(2)).penalty == 1e6


def test_a_group_that_is_everything_is_missed_as_a_whole() -> None:
    d = design(3)
    plan = _ridge.Ridge(d["X"], d["weights"], np.zeros(20, dtype=int), [1.0])
    assert np.allclose(plan.fit(d["Y"], np.eye(2)).missed, d["Y"], atol=1e-3)
