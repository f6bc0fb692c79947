"""Choosing a head: against what was simulated, formulas written slowly, and bad input."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

import charz
from charz.errors import InputError
from charz.heads import HEADS, LINEAR, _choose, _layers, _selector, _signs, _tuned
from charz.heads._measured import Measured, measure
from charz.heads._selector import Table
from charz.probes import vote

seeds = st.integers(0, 2**32 - 1)


def blobs(n, n_classes=2, n_dims=6, seed=0, apart=2.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return apart * rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)), y


def rings(n, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, 2 * np.pi, n)
    X = (1 + 2 * y)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + 0.15 * rng.normal(size=X.shape), y


def world(n_samples=300, n_groups=30, seed=0, better="svm"):
    """Samples of a world in which one head is better the more rows there are, by chance less."""
    rng = np.random.default_rng(seed)
    n = 2.0 ** rng.integers(4, 11, n_samples)
    level = rng.uniform(0.5, 0.9, n_samples)
    truth = np.tile(level[:, None], (1, len(HEADS)))
    truth[:, HEADS.index(better)] += 0.01 * (np.log2(n) - 6)
    truth += 0.003 * rng.normal(size=truth.shape)
    noisy = np.clip(truth + rng.normal(size=truth.shape) / np.sqrt(n)[:, None] / 2, 0.01, 0.99)
    cv = {name: noisy[:, HEADS.index(name)] for name in HEADS}
    loss = {name: 1 - column for name, column in cv.items()}
    facts = _signs.Facts(n, np.full(n_samples, 2.0), np.full(n_samples, 64.0), 0 * n + 0.5)
    signs = _signs.signs(facts, cv, loss, np.ones(n_samples))
    groups = np.array([f"g{each:02d}" for each in rng.integers(0, n_groups, n_samples)])
    return Table(signs, n, truth, groups, {"n_samples": n_samples})


@pytest.fixture(scope="module")
def learned():
    return _selector.fit(world())


def test_a_selector_finds_what_cross_validation_alone_does_not(learned):
    table = world(seed=1)
    value = _selector.expected(learned, table.signs, table.n_train)
    rows = np.arange(len(value))
    best = table.accuracy.max(axis=1)
    cv = np.column_stack([table.signs["cv"]] + [
        table.signs["cv"] + table.signs[f"cv_{name}"] for name in HEADS[1:]
    ])  # fmt: skip
    picked = table.accuracy[rows, cv.argmax(axis=1)]
    regret = (best - table.accuracy[rows, value.argmax(axis=1)]).mean()
    assert regret < (best - picked).mean()
    assert regret < (best - table.accuracy[:, 0]).mean()
    assert np.abs(value - table.accuracy).mean() < 0.05


def test_draws_cover_the_truth_of_new_groups_as_often_as_they_say(learned):
    table = world(seed=2)
    draws = _selector.draws(learned, table.signs, table.n_train)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    inside = (low <= table.accuracy) & (table.accuracy <= high)
    assert 0.8 < inside.mean() < 0.98


def test_stored_bytes_answer_the_same(learned):
    again = _selector.from_bytes(_selector.to_bytes(learned))
    table = world(40, seed=3)
    expected = _selector.expected(learned, table.signs, table.n_train)
    assert np.array_equal(_selector.expected(again, table.signs, table.n_train), expected)
    assert again.facts == learned.facts
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, weights=learned.weights)
    with pytest.raises(InputError, match="another format"):
        _selector.from_bytes(file.getvalue())


def test_the_linear_half_is_weighted_ridge_regression():
    table = world(120)
    targets = table.accuracy[:, [0]] * [1.0] + np.column_stack(
        [0 * table.accuracy[:, :1], table.accuracy[:, 1:] - 2 * table.accuracy[:, :1]]
    )
    (part, *_) = _selector._regressions(table, targets)
    A = _selector._design(part, table.signs)
    model = Ridge(alpha=_selector.PENALTIES[0]).fit(
        A[:, 1:], targets, sample_weight=_selector._weights(table) * len(A)
    )
    np.testing.assert_allclose(A @ part.weights, model.predict(A[:, 1:]), atol=1e-8)


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_folds_keep_groups_whole(seed):
    groups = np.random.default_rng(seed).integers(0, 23, 100).astype(str)
    fold = _selector.folds(groups)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))


def test_every_head_is_measured_as_its_probe_answers():
    X, y = blobs(60, 3)
    found = measure(X, y, 3, X[:7])
    assert tuple(found) == HEADS
    for name, each in found.items():
        assert each.answers.shape == (7,)
        assert each.seconds >= 0
        assert 0 <= each.cv_accuracy <= 1, name
        assert each.cv_log_loss > 0, name
    assert found["logistic"].setting == {"C": found["logistic"].chosen}
    assert set(found["svm"].setting) >= {"kernel", "C"}
    assert set(found["mlp"].setting) == {"width", "weight_decay"}
    assert set(found["boosting"].setting) == {"rounds"}
    assert found["ridge"].cv_accuracy == found["ridge"].is_right.mean()


def test_a_vote_over_measured_heads_is_the_probe():
    X, y = blobs(40, 3, apart=0.7)
    found = measure(X, y, 3, X[:9])
    (alone,) = measure(X, y, 3, X[:9], heads=["vote"]).values()
    assert found["vote"].answers.tolist() == alone.answers.tolist()
    assert found["vote"].cv_log_loss == alone.cv_log_loss
    assert found["vote"].setting == alone.setting
    members = vote.PARAMETERS["members"]
    assert found["vote"].seconds >= sum(found[name].seconds for name in members)


def test_rings_want_more_than_a_line_and_blobs_do_not():
    X, y = rings(240)
    E, truth = rings(300, seed=1)
    choice = charz.choose_head(X, y)
    assert choice.recommended not in LINEAR
    assert choice.beyond_linear["pays"]
    assert choice.beyond_linear["gain"] > 0.05
    assert choice.baselines["always logistic"]["loss"] > 0.05
    shown = charz.choose_head(X, y, E, truth)
    row = shown.heads.set_index("head").loc[shown.recommended]
    assert row["measured"] > 0.9
    assert {"always logistic", "cv-pick", "metamodel"} <= set(shown.baselines)
    assert abs(charz.choose_head(*blobs(240)).beyond_linear["gain"]) < 0.02


def test_a_choice_is_whole_and_in_order():
    X, y = blobs(80, 4)
    choice = charz.choose_head(X, np.array(list("abcd"))[y], level=0.8)
    frame = choice.heads
    assert tuple(frame.columns) == _choose.COLUMNS
    assert sorted(frame["head"]) == sorted(HEADS)
    assert frame["value"].is_monotonic_decreasing
    assert (frame["low"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high"]).all()
    assert frame["p_best"].sum() == pytest.approx(1)
    assert frame[["value", "low", "high"]].to_numpy().min() >= 0
    assert frame[["value", "low", "high"]].to_numpy().max() <= 1
    assert choice.recommended == frame["head"][0]
    assert choice.provenance["selector"]["n_groups"] > 20
    wide = charz.choose_head(X, y, level=0.99).heads.set_index("head")
    narrow = frame.set_index("head")
    assert (wide["high"] - wide["low"] >= narrow["high"] - narrow["low"]).all()


def test_neither_order_nor_names_nor_scale_matter():
    X, y = blobs(50, 2, apart=1.0)
    first = charz.choose_head(X, y).heads
    order = np.random.default_rng(4).permutation(50)
    again = charz.choose_head(5e3 * X[order], np.array(["one", "two"])[y[order]]).heads
    np.testing.assert_allclose(again["value"], first["value"], atol=1e-6)
    assert again["head"].tolist() == first["head"].tolist()


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_the_fewest_rows_get_an_answer_that_owns_up(n):
    X, y = blobs(n, 2)
    choice = charz.choose_head(X, y)
    assert len(choice.heads) == len(HEADS)
    assert any("trust little" in note for note in choice.notes)
    assert (choice.heads["high"] - choice.heads["low"]).max() > 0.2


def test_equal_rows_and_classes_of_one_row_do_no_harm():
    y = np.array([0, 1, 2, 3, 4, 4, 4, 4])
    for X in (np.zeros((8, 3)), np.ones((8, 3)), np.eye(8)):
        choice = charz.choose_head(X, y)
        assert np.isfinite(choice.heads[["value", "low", "high", "p_best"]].to_numpy()).all()
        assert any("one row" in note for note in choice.notes)


@pytest.mark.parametrize(
    ("X", "y", "more", "said"),
    [
        (np.ones((4, 2)), [0, 0, 0, 0], {}, "1 class"),
        (np.ones((4, 2)), [0, 1, 0], {}, "3"),
        (np.full((4, 2), np.nan), [0, 1, 0, 1], {}, "NaN"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"X_eval": np.ones((2, 3))}, "dimensions"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"y_eval": [0, 1]}, "X_eval"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"X_eval": np.ones((3, 2)), "y_eval": [0]}, "X_eval"),
        (np.ones((4, 2)), [0, 1, 0, 1], {"level": 1.0}, "level"),
    ],
)
def test_bad_input_is_one_error(X, y, more, said):
    with pytest.raises(InputError, match=said):
        charz.choose_head(X, y, **more)


def test_a_network_is_worth_what_tuned_networks_were():
    X, y = blobs(100, 2, apart=0.4)
    found = measure(X, y, 2)
    right = found["logistic"].is_right
    better = right | (np.arange(100) % 4 == 0)
    found["fine_tune"] = Measured(float(better.mean()), 0.1, 0.0, {"rate": 1e-4}, 9.0, better)
    choice = _choose.choose(found, y, 6)
    rows = choice.heads.set_index("head")
    seen = better.mean() - right.mean()
    gain = _tuned.expected(_tuned.shipped(), 100, seen)
    assert 0 < gain < seen  # cross-validation promises more than it holds
    assert rows.loc["fine_tune", "gain"] == pytest.approx(gain, abs=1e-9)
    assert rows.loc["fine_tune", "basis"] == "tuned networks"
    low, high = np.quantile(_tuned.draws(_tuned.shipped(), 100, seen, 4000), [0.05, 0.95])
    assert rows.loc["fine_tune", "gain_low"] == pytest.approx(low, abs=0.02)
    assert rows.loc["fine_tune", "gain_high"] == pytest.approx(high, abs=0.02)


def test_the_shallowest_layer_within_one_error_is_enough():
    X, y = blobs(120, 2, apart=1.5)
    noise = np.random.default_rng(9).normal(size=X.shape)
    found = _layers.compare([noise, X + 0.01 * noise, X], y, 2, evals=[noise, X, X])
    assert _layers.enough(found) == 1
    assert found[0]["gain"] < found[0]["high"] < 0
    assert found[2]["gain"] == 0
    assert min(row["loss"] for row in found) == 0
    assert [row["answers"].shape for row in found] == [(120,)] * 3


@given(seeds)
@settings(deadline=None, max_examples=25)
def test_paired_intervals_hold_what_they_promise(seed):
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(200):
        differences = rng.choice([-1.0, 0.0, 1.0], 100, p=[0.1, 0.75, 0.15])
        found = _layers.paired(differences, 0.9)
        # Independent rows: the interval is half as wide again as it has to be.
        low, high = (found["gain"] + (found[end] - found["gain"]) / 1.5 for end in ("low", "high"))
        inside += low <= 0.05 <= high
    assert 0.82 < inside / 200 <= 0.98
