"""Signs of risk, against numbers worked out by hand, and what they do to intervals."""

from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest

from charz.metamodels import _conformal, _risks


def frame(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"n_train": [64.0, 64.0], "n_eval": [500.0, 500.0]} | columns)


def test_shift_counts_from_where_there_is_none() -> None:
    found = _risks.signs(frame(domain_auc=[0.4, 0.9], mmd=[0.2, np.nan]), [1.0, 0.3])
    assert found["domain_auc"] == pytest.approx([0.1, 0.4])
    assert found["mmd"] == pytest.approx([0.2, 0.0])
    assert found["novelty"] == pytest.approx([0.0, 0.7])
    assert found["reach"].tolist() == [0, 0]
    assert all((column >= 0).all() for column in found.values())


def test_estimates_part_by_the_spread_of_those_there_are() -> None:
    found = _risks.signs(frame(cv=[0.9, 0.7], cot=[0.6, np.nan], rca=[0.5, np.nan]), [1, 1])
    assert found["parting"] == pytest.approx([statistics.pstdev([0.9, 0.6, 0.5]), 0.0])


def test_reach_is_in_doublings() -> None:
    assert _risks.signs(frame(n_target=[64.0, 512.0]), [1, 1])["reach"].tolist() == [0, 3]


def test_intervals_widen_where_estimates_part() -> None:
    """Rows whose estimates part err ten times as much: each kind is covered, by its own width."""
    rng = np.random.default_rng(0)
    n = 4000
    parted = rng.random(n) < 0.3
    features = pd.DataFrame({
        "n_train": 64.0, "n_eval": 500.0, "cv": 0.7, "cot": np.where(parted, 0.4, 0.7)
    }, index=range(n))  # fmt: skip
    truth = 0.6 + rng.normal(0, np.where(parted, 0.1, 0.01))
    risks = _risks.signs(features, np.ones(n))
    groups = np.arange(n) % 50
    fitted = _conformal.calibrate(np.full(n, 0.6), truth, groups, risks)
    low, high = _conformal.interval(fitted, np.full(n, 0.6), risks, 0.9)
    inside = (low <= truth) & (truth <= high)
    assert (high - low)[parted].mean() > 3 * (high - low)[~parted].mean()
    assert inside.mean() == pytest.approx(0.9, abs=0.03)
    assert inside[parted].mean() > 0.8
