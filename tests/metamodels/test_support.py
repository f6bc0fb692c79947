"""Support: a p-value over groups, small for samples unlike all that was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from charz.metamodels import _support


def world(seed: int, n_groups: int, rows: int = 10, away: float = 0.0) -> pd.DataFrame:
    """Feature rows around one centre per group."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(n_groups, 1, 6))
    X = (centre + 0.5 * rng.normal(size=(n_groups, rows, 6)) + away).reshape(-1, 6)
    return pd.DataFrame(X * [1, 10, 100, 1, 1, 1], columns=list("abcdef"))


def groups(n_groups: int, rows: int = 10) -> np.ndarray:
    return np.repeat(np.arange(n_groups), rows)


def test_new_groups_of_the_same_world_spread_evenly() -> None:
    p = np.concatenate(
        [
            _support.support(_support.fit(world(s, 60), groups(60)), world(s + 100, 60))
            for s in range(4)
        ]
    )
    for level in (0.1, 0.25, 0.5, 0.75):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.08)


def test_a_world_apart_has_the_least_support() -> None:
    known = _support.fit(world(0, 40), groups(40))
    assert _support.support(known, world(1, 40, away=8.0)) == pytest.approx(1 / 41, abs=0.01)


def test_novelty_by_its_definition() -> None:
    frame, labels = world(0, 8, rows=4), groups(8, 4)
    known = _support.fit(frame, labels)
    Z = (frame.to_numpy() - known["centre"]) / known["spread"]
    expected = []
    for z, g in zip(Z, labels, strict=True):
        distances = sorted(np.linalg.norm(z - other) for other in Z[labels != g])
        expected.append(sum(distances[:5]) / 5)
    assert known["novelty"] == pytest.approx(sorted(expected), rel=1e-4)
    asked = _support.support(known, frame)
    novelty = [np.mean(sorted(np.linalg.norm(z - Z, axis=1))[:5]) for z in Z]
    by_hand = [
        (1 + sum(np.mean(np.array(expected)[labels == g] >= v - 1e-6) for g in range(8))) / 9
        for v in novelty
    ]
    assert asked == pytest.approx(by_hand, abs=1e-6)


def test_missing_columns_and_wild_values_do_no_harm() -> None:
    frame = world(0, 30)
    frame.loc[::3, "a"] = np.nan
    known = _support.fit(frame.assign(nowhere=np.nan), groups(30))
    assert "nowhere" not in known["names"]
    asked = pd.DataFrame({"a": [np.nan, np.inf, 1e300], "unheard": 1.0})
    p = _support.support(known, asked)
    assert ((p > 0) & (p <= 1)).all()


def test_kept_rows_are_bounded_and_spread_over_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_support, "MOST_ROWS", 60)
    known = _support.fit(world(0, 6, rows=100), groups(6, 100))
    assert known["rows"].shape == (60, 6)
    assert int(known["n_groups"]) == 6


def test_one_group_supports_everything() -> None:
    known = _support.fit(world(0, 1), groups(1))
    p = _support.support(known, world(1, 1))
    assert ((p >= 0.5 - 1e-9) & (p <= 1)).all()


def test_held_out_support_is_even_and_low_for_an_odd_group() -> None:
    frame = world(0, 50)
    known = _support.fit(frame, groups(50))
    p = _support.held_out(known, frame, groups(50))
    assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=0.02)
    frame.loc[groups(50) == 9] += 300.0
    known = _support.fit(frame, groups(50))
    p = _support.held_out(known, frame, groups(50))
    assert p[groups(50) == 9].max() <= 1 / 50 + 1e-9
    # Beside its own kin the same rows do not look odd.
    assert _support.support(known, frame)[groups(50) == 9].min() > 1 / 50
