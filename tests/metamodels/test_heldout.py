"""The held-out report: nothing held out is trained on, and the figures are what they say."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from charz.errors import InputError
from charz.metamodels import _heldout, constant, ridge

Frames = tuple[pd.DataFrame, pd.DataFrame]


def test_each_row_is_predicted_without_its_group() -> None:
    target = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    groups = np.array(list("aabbc"))
    frame = pd.DataFrame({"cv": target})
    answer = _heldout.predictions("constant", frame, target, groups)
    # Means over the other groups: a has 0.2, b 0.6, c 0.9.
    assert answer == pytest.approx([0.75, 0.75, 0.55, 0.55, 0.4])


def test_group_and_lineage_are_both_held_out() -> None:
    target = np.array([0.1, 0.2, 0.4, 0.8])
    frame = pd.DataFrame({"cv": target})
    answer = _heldout.predictions("constant", frame, target, list("aabb"), list("xyxy"))
    # Only the cell that shares neither group nor lineage teaches.
    assert answer == pytest.approx([0.8, 0.4, 0.2, 0.1])
    with pytest.raises(InputError, match="nothing to train on"):
        _heldout.predictions("constant", frame, target, list("aaaa"))


def test_a_held_out_target_cannot_be_seen(registry: Frames) -> None:
    features, cells = registry
    target = cells["target"].to_numpy().copy()
    before = _heldout.predictions("ridge", features, target, cells["group"], n_folds=99)
    held = (cells["group"] == 3).to_numpy()
    target[held] = 1 - target[held]
    after = _heldout.predictions("ridge", features, target, cells["group"], n_folds=99)
    assert np.array_equal(before[held], after[held])
    assert not np.array_equal(before[~held], after[~held])
    direct = ridge.fit(features[~held], target[~held], cells["group"][~held])
    assert np.array_equal(ridge.predict(direct, features[held]), after[held])


@pytest.fixture(scope="module")
def report(registry: Frames) -> list[dict[str, object]]:
    features, cells = registry
    return _heldout.report("ridge", features, cells["target"], cells["group"])


def figures(report: list[dict[str, object]], method: str, bucket: str = "all") -> dict[str, float]:
    (row,) = [row for row in report if (row["method"], row["bucket"]) == (method, bucket)]
    return row  # type: ignore[return-value]


def test_the_report_is_plain_and_complete(report: list[dict[str, object]]) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert {row["method"] for row in report} == {"ridge", "constant", "cv"}
    buckets = [row["bucket"] for row in report if row["method"] == "ridge"]
    assert buckets == ["all", "16-32", "64-128", "256-512"]
    rows = [figures(report, "cv", bucket)["n_rows"] for bucket in buckets]
    assert rows[0] == sum(rows[1:]) == 480


def test_errors_are_macro_averages_in_points(
    report: list[dict[str, object]], registry: Frames
) -> None:
    features, cells = registry
    error = 100 * (features["cv"] - cells["target"])
    by_group = error.abs().groupby(cells["group"]).mean()
    row = figures(report, "cv")
    assert row["mae"] == pytest.approx(by_group.mean())
    assert row["mae_se"] == pytest.approx(by_group.std() / math.sqrt(24))
    assert row["bias"] == pytest.approx(error.groupby(cells["group"]).mean().mean())
    total = (100 * (cells["target"] - cells["target"].mean())) ** 2
    assert row["r2"] == pytest.approx(1 - (error**2).mean() / total.mean())
    floor = 100 * np.sqrt(cells["target"] * (1 - cells["target"]) / 500)
    assert row["noise_floor"] == pytest.approx(floor.mean())


def test_the_learned_beats_its_baselines(report: list[dict[str, object]]) -> None:
    learned = figures(report, "ridge")
    assert learned["mae"] < 0.8 * figures(report, "cv")["mae"]
    assert learned["mae"] < 0.8 * figures(report, "constant")["mae"]
    assert learned["mae"] > learned["noise_floor"] * 0.7
    assert learned["width"] < figures(report, "constant")["width"]


def test_coverage_is_near_its_level(report: list[dict[str, object]]) -> None:
    for method in ("ridge", "constant", "cv"):
        assert 0.85 <= figures(report, method)["coverage"] <= 1


def test_intervals_are_calibrated_without_the_judged_group() -> None:
    n = 200
    groups = np.arange(n) % 20
    truth = np.full(n, 0.5)
    guess = truth + np.where(np.arange(n) % 2, 0.01, -0.01)
    guess[groups == 7] = 0.9
    sizes = {"n_train": np.full(n, 64.0), "n_eval": np.full(n, 500.0)}
    ends = _heldout.judged_intervals(guess, truth, groups, sizes, 0.8)
    covered = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert not covered[groups == 7].any()
    assert covered[groups != 7].all()
    alone = _heldout.judged_intervals(guess, truth, np.zeros(n), sizes, 0.8)
    assert np.isnan(alone).all()


def test_baselines_are_judged_where_they_are_defined(registry: Frames) -> None:
    features, cells = registry
    holed = features.assign(cv=features["cv"].where(features.index % 2 == 0))
    report = _heldout.report(
        "constant", holed, cells["target"], cells["group"], predicted=cells["target"]
    )
    assert figures(report, "cv")["n_rows"] == 240
    assert figures(report, "constant")["mae"] == 0


def test_losses_are_reported_in_their_own_unit(registry: Frames) -> None:
    features, cells = registry
    losses = 3 * (1 - cells["target"])
    report = _heldout.report("constant", features, losses, cells["group"], metric="log_loss")
    assert {row["method"] for row in report} == {"constant"}
    row = figures(report, "constant")
    assert row["unit"] == "metric"
    assert row["noise_floor"] is None
    assert row["mae"] < 3


def test_sizes_must_be_given(registry: Frames) -> None:
    features, cells = registry
    with pytest.raises(InputError, match="'n_eval'"):
        _heldout.report(
            "constant", features.drop(columns="n_eval"), cells["target"], cells["group"]
        )


def test_the_constant_of_other_groups_is_the_constant(registry: Frames) -> None:
    features, cells = registry
    answer = _heldout.predictions("constant", features, cells["target"], cells["group"], n_folds=99)
    rest = cells["group"] != 0
    model = constant.fit(features[rest], cells["target"][rest], cells["group"][rest])
    assert answer[0] == constant.predict(model, features[:1])[0]


def test_signs_of_risk_shift_width_to_where_errors_are(registry: Frames) -> None:
    features, cells = registry
    rng = np.random.default_rng(0)
    doubt = rng.uniform(0, 1, len(features))
    guess = np.clip(cells["target"] + rng.normal(0, 0.005 + 0.15 * doubt), 0, 1)
    plain, told = (
        _heldout.report(
            "constant", features, cells["target"], cells["group"], predicted=guess, risks=risks
        )
        for risks in (None, {"doubt": doubt})
    )
    assert figures(told, "constant")["width"] < 0.9 * figures(plain, "constant")["width"]
    assert figures(told, "constant")["coverage"] > 0.87
