"""The table of judging against figures worked out slowly, and against leaks."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from charz.metamodels import (
    _choice,
    _heldout,
    _importance,
    _judging,
    _judging_baselines,
    _judging_table,
)
from charz.metamodels._bundle import Table

N_GROUPS, ENCODERS = 6, ["a1", "a2", "b1", "b2", "c1", "d1"]


def world(seed: int = 0) -> Table:
    """Return a balanced world: groups x encoders x two sizes, the last group also shifted."""
    rng = np.random.default_rng(seed)
    places = itertools.product(range(N_GROUPS), ENCODERS, (8, 64), (False, True))
    rows = [
        {"group": f"g{g}", "encoder": e, "n": n, "shift": shift, "source": f"g{(g + shift) % 2}"
         if shift else f"g{g}"}
        for g, e, n, shift in places if not shift or g < 2
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    level = rng.normal(0, 1, N_GROUPS)[frame["group"].str[1:].astype(int)]
    skill = dict(zip(ENCODERS, rng.normal(0, 0.5, len(ENCODERS)), strict=True))
    logit = level + frame["encoder"].map(skill) + 0.1 * np.log2(frame["n"]) - frame["shift"]
    truth = 1 / (1 + np.exp(-logit - rng.normal(0, 0.2, len(frame))))
    features = pd.DataFrame({
        "n_train": frame["n"], "n_eval": np.where(frame["encoder"] == "d1", 100, 600),
        "n_target": frame["n"], "logme": logit + rng.normal(0, 0.1, len(frame)),
        "cv": np.clip(truth + rng.normal(0.05, 0.1, len(frame)), 0, 1),
        "_is_shift": frame["shift"].astype(float),
    })  # fmt: skip
    keys = pd.DataFrame({
        "encoder": frame["encoder"], "dataset": frame["source"], "eval_dataset": frame["group"],
        "protocol": "curve", "seed": 0, "eval_seed": 0, "n_train": frame["n"], "n_eval": 600,
    })  # fmt: skip
    lineages = frame["encoder"].str[0].to_numpy()
    groups, sources = frame["group"].to_numpy(), frame["source"].to_numpy()
    return Table(features, np.round(truth, 3).to_numpy(), groups, sources, lineages, "f", keys)


@pytest.fixture(scope="module")
def table() -> Table:
    return world()


@pytest.fixture(scope="module")
def found(table: Table) -> list[_judging_table.Judged]:
    return _judging_table.judge(table, ["ridge"], _judging_table.ways(table))


@pytest.fixture(scope="module")
def lines(table: Table, found: list[_judging_table.Judged]) -> pd.DataFrame:
    return pd.DataFrame(_judging_table.rows(table, found, 0.9, 500))


def answer_of(found: list[_judging_table.Judged], hold_out: str, method: str) -> Any:
    (one,) = [each for each in found if (each.hold_out, each.method) == (hold_out, method)]
    return one


def test_every_method_stands_in_every_way_of_holding_out(lines: pd.DataFrame) -> None:
    kinds = lines.groupby("method")["kind"].first().to_dict()
    assert kinds == {
        "ridge": "metamodel", "constant": "baseline", "additive": "baseline",
        "static_order": "baseline", "cv": "estimator",
    }  # fmt: skip
    parts = {("same", "all"), ("same", "8"), ("same", "64-128"),
             ("shift", "all"), ("shift", "8"), ("shift", "64-128")}  # fmt: skip
    for _, rows in lines.groupby(["hold_out", "method"]):
        assert set(zip(rows["setting"], rows["bucket"], strict=True)) == parts
    assert set(lines["hold_out"]) == set(_heldout.HOLD_OUTS)


@pytest.mark.parametrize("method", ["ridge", "cv", "additive"])
def test_errors_are_those_of_a_groupby(
    table: Table, found: list[_judging_table.Judged], lines: pd.DataFrame, method: str
) -> None:
    one = answer_of(found, "both", method)
    flat = pd.DataFrame({
        "group": table.groups, "error": 100 * (one.answer - table.target),
        "cv": 100 * (table.features["cv"] - table.target).abs(), "setting": table.settings,
        "n": table.features["n_train"], "covered":
        (one.ends[:, 0] <= table.target) & (table.target <= one.ends[:, 1]),
    })[table.features["n_eval"] >= 500]  # fmt: skip
    flat = flat[(flat["setting"] == "same") & (flat["n"] == 8)]
    row = lines[
        (lines["hold_out"] == "both") & (lines["method"] == method)
        & (lines["setting"] == "same") & (lines["bucket"] == "8")
    ].iloc[0]  # fmt: skip
    by_group = flat["error"].abs().groupby(flat["group"]).mean()
    assert row["n_rows"] == len(flat) == 30
    assert row["mae"] == pytest.approx(by_group.mean())
    assert row["mae_se"] == pytest.approx(by_group.std() / np.sqrt(N_GROUPS))
    cv = flat["cv"].groupby(flat["group"]).mean().mean()
    assert row["cv_ratio"] == pytest.approx(by_group.mean() / cv)
    covered = flat["covered"].groupby(flat["group"]).mean().sort_values()
    assert row["coverage"] == pytest.approx(covered.mean())
    assert row["worst_coverage"] == pytest.approx(covered.iloc[:2].mean())


@pytest.mark.parametrize("hold_out", _heldout.HOLD_OUTS)
def test_what_is_held_out_cannot_be_seen(table: Table, hold_out: str) -> None:
    """Whatever the targets of a group or lineage are, its own answers stay what they were."""
    column = table.lineages if hold_out == "lineages" else table.groups
    held = column == column[0]
    target = np.where(held, 1 - table.target, table.target)
    other = dataclasses.replace(table, target=target)
    before, after = (
        {each.method: each.answer for each in _judging_table.judge(world, ["ridge"], [hold_out])}
        for world in (table, other)
    )
    for method in before:
        assert np.array_equal(before[method][held], after[method][held]), method
    for method in ("ridge", "constant", "additive", "static_order"):
        assert not np.array_equal(before[method][~held], after[method][~held]), method


def test_blocks_never_learn_from_what_they_hold_out(table: Table) -> None:
    for hold_out in _heldout.HOLD_OUTS:
        blocks = _heldout.blocks(table.groups, table.lineages, table.sources, hold_out, 3)
        assert sum(held.astype(int) for held, _ in blocks.pairs).tolist() == [1] * len(table.target)
        for held, trained in blocks.pairs:
            if hold_out != "groups":
                assert not set(table.lineages[held]) & set(table.lineages[trained])
            if hold_out != "lineages":
                seen = {*table.groups[trained], *table.sources[trained]}
                assert not set(table.groups[held]) & seen


def test_the_additive_model_is_a_regression_on_dummies(table: Table) -> None:
    names = _judging_baselines.names(table.keys, table.settings, table.lineages)
    answer = _judging_baselines.additive(names, table.target, table.groups, names)
    dummies = pd.get_dummies(names[["encoder", "task", "size"]].astype(str), dtype=float)
    sizes = pd.Series(table.groups).map(pd.Series(table.groups).value_counts())
    root = np.sqrt(1 / sizes.to_numpy())[:, None]
    effects = np.linalg.lstsq(dummies.to_numpy() * root, table.target * root[:, 0], rcond=None)[0]
    assert answer == pytest.approx(np.clip(dummies.to_numpy() @ effects, 0, 1))


def test_an_unknown_task_is_the_mean_task_and_an_unknown_encoder_its_lineage() -> None:
    known = pd.DataFrame({
        "encoder": list("aabbcc"), "lineage": list("lllkkk"), "task": [0, 1] * 3,
        "setting": "same", "size": 3.0, "place": [0, 1] * 3,
    })  # fmt: skip
    known["lineage"] = ["l", "l", "l", "l", "k", "k"]
    y = np.array([0.5, 0.7, 0.58, 0.78, 0.3, 0.5])  # a 0.5, b 0.58, c 0.3; tasks 0 and 0.2
    asked = pd.DataFrame({
        "encoder": ["a", "z", "z"], "lineage": ["l", "l", "m"], "task": [9, 0, 9],
        "setting": "same", "size": 3.0,
    })  # fmt: skip
    said = _judging_baselines.additive(known, y, list("xyxyxy"), asked)
    assert said == pytest.approx([0.6, 0.54, 0.56])


def test_the_static_order_is_that_of_mean_leads(table: Table) -> None:
    names = _judging_baselines.names(table.keys, table.settings, table.lineages)
    rest = table.groups != "g3"
    known = (names[rest], table.target[rest], table.groups[rest])
    said = _judging_baselines.static_order(*known, names[~rest])
    flat = names[rest].assign(y=table.target[rest], group=table.groups[rest])
    for encoder, value in zip(names["encoder"][~rest], said, strict=True):
        leads = {}
        for group, rows in flat.groupby("group"):
            lead = rows["y"] - rows.groupby("place")["y"].transform("mean")
            leads[group] = lead[rows["encoder"] == encoder].mean()
        constant = flat.groupby("group")["y"].mean().mean()
        assert value == pytest.approx(constant + np.mean(list(leads.values())))


scores = st.lists(st.integers(0, 6), min_size=2, max_size=7)


def slow_tau(said: list[int], true: list[int]) -> float:
    """Return Vigna's correlation by a loop over pairs."""
    total = []
    for first, second in ((said, true), (true, said)):
        order = sorted(range(len(said)), key=lambda i: (-first[i], -second[i]))
        weight = {i: 1 / (1 + rank) for rank, i in enumerate(order)}
        above = x_only = y_only = 0.0
        for i, j in itertools.combinations(range(len(said)), 2):
            pair = weight[i] + weight[j]
            x, y = np.sign(said[i] - said[j]), np.sign(true[i] - true[j])
            above, x_only, y_only = (
                above + pair * x * y,
                x_only + pair * x * x,
                y_only + pair * y * y,
            )
        total.append(above / np.sqrt(x_only * y_only))
    return float(np.mean(total))


@given(st.permutations(range(7)), scores.filter(lambda s: len(set(s)) > 1))
@settings(deadline=None, max_examples=60)
def test_tau_is_that_of_a_loop_and_of_scipy(said: list[int], true: list[int]) -> None:
    said = said[: len(true)]
    found = _choice.tau(np.array(said, float), np.array(true, float))
    assert found == pytest.approx(slow_tau(said, true))
    assert found == pytest.approx(stats.weightedtau(said, true).statistic)


@given(scores, st.randoms(use_true_random=False), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_regret_is_the_mean_over_every_order_of_equals(
    said: list[int], chance: Any, k: int
) -> None:
    true = [chance.random() for _ in said]
    orders = [
        order for order in itertools.permutations(range(len(said)))
        if all(said[a] >= said[b] for a, b in itertools.pairwise(order))
    ]  # fmt: skip
    best = [max(true[i] for i in order[:k]) for order in orders]
    found = _choice.regret(np.array(said, float), np.array(true), k)
    assert found == pytest.approx(max(true) - np.mean(best))


def test_only_sets_of_enough_encoders_and_lineages_are_chosen_among(table: Table) -> None:
    names = _judging_baselines.names(table.keys, table.settings, table.lineages)
    every = np.ones(len(names), dtype=bool)
    sets = _choice.sets(names, every)
    assert len(sets) == N_GROUPS * 2 + 4
    assert all(len(set(names["place"].iloc[rows])) == 1 and len(rows) == 6 for rows in sets)
    assert _choice.sets(names, names["encoder"].isin(["a1", "a2", "b1", "b2"]).to_numpy()) == []
    two = names.assign(lineage=names["encoder"].map(lambda name: name in ("a1", "a2")))
    assert _choice.sets(two, every) == []


def test_choice_is_judged_by_sets_within_groups(
    table: Table, found: list[_judging_table.Judged], lines: pd.DataFrame
) -> None:
    one = answer_of(found, "groups", "static_order")
    flat = pd.DataFrame({
        "said": one.answer, "true": table.target, "group": table.groups,
        "n": table.features["n_train"], "encoder": table.keys["encoder"],
    })[(table.settings == "same") & (table.features["n_eval"] >= 500)]  # fmt: skip
    taus, regrets = {}, {}
    for (group, n), rows in flat.groupby(["group", "n"]):
        taus[group, n] = stats.weightedtau(rows["said"], rows["true"]).statistic
        regrets[group, n] = rows["true"].max() - rows["true"][rows["said"].idxmax()]
    here = lines[(lines["hold_out"] == "groups") & (lines["method"] == "static_order")]
    row = here[(here["setting"] == "same") & (here["bucket"] == "all")].iloc[0]
    assert row["n_sets"] == len(taus) == 12
    assert row["tau"] == pytest.approx(pd.Series(taus).groupby(level=0).mean().mean())
    by_group = pd.Series(regrets).groupby(level=0).mean()
    assert row["regret_1"] == pytest.approx(100 * by_group.mean())
    unknown = lines[(lines["hold_out"] == "both") & (lines["method"] == "static_order")]
    assert unknown["tau"].isna().all()


def test_losses_are_better_when_lower(table: Table) -> None:
    loss = dataclasses.replace(table, target=2 - table.target, metric="log_loss")
    loss = dataclasses.replace(loss, features=table.features.assign(cv_log_loss=loss.target))
    found = _judging_table.judge(loss, ["ridge"], ["groups"])
    rows = pd.DataFrame(_judging_table.rows(loss, found, 0.9, 0))
    cv = rows[(rows["method"] == "cv") & (rows["bucket"] == "all")]
    assert cv["tau"].to_numpy() == pytest.approx(1)
    assert (cv["regret_1"] == 0).all()
    assert set(rows["unit"]) == {"metric"}
    assert rows["noise_floor"].isna().all()


def test_rows_are_the_same_whoever_works(table: Table) -> None:
    alone, two = (
        _heldout.blocks(table.groups, table.lineages, n_folds=2).answers(
            "ridge", table.features, table.target, table.groups, workers
        )
        for workers in (1, 2)
    )
    assert np.array_equal(alone, two)


def test_only_a_family_that_matters_has_worth(table: Table) -> None:
    rng = np.random.default_rng(1)
    features = table.features.drop(columns="cv").assign(mmd=rng.normal(size=len(table.target)))
    rows = pd.DataFrame(_importance.rows(dataclasses.replace(table, features=features), "ridge"))
    assert list(rows.columns) == [
        "setting", "family", "n_features", "n_rows", "n_groups", "unit", "mae",
        "permuted", "permuted_se", "dropped", "dropped_se",
    ]  # fmt: skip
    same = rows[rows["setting"] == "same"].set_index("family")
    assert same["permuted"].idxmax() == same["dropped"].idxmax() == _importance.family("logme")
    assert same.loc["shift and coverage", "permuted"] < 0.2 * same["permuted"].max()
    whole = _heldout.blocks(table.groups, None, table.sources, "groups").answers(
        "ridge", features, table.target, table.groups
    )
    error = pd.Series(100 * np.abs(whole - table.target))[table.settings == "same"]
    by_group = error.groupby(table.groups[table.settings == "same"]).mean()
    assert same["mae"].to_numpy() == pytest.approx(by_group.mean())


def test_buckets_part_the_sizes() -> None:
    sizes = 2.0 ** np.arange(2, 14)
    inside = [(sizes >= low) & (sizes < high) for low, high in list(_judging.BUCKETS.values())[1:]]
    assert np.sum(inside, axis=0).tolist() == [1] * len(sizes)
