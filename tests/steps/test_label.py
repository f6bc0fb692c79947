"""Labelling: what is suggested, where it goes on, what it refuses, and what it expects."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import charz
from charz import shelf
from charz.acquisition import _auto, _gain
from charz.acquisition._pool import Pool
from charz.acquisition._simulate import simulate
from charz.errors import InputError, UnknownNameError
from charz.steps import label
from tests import tiny

SPEC = "random:hash?dims=32"


def world(seed=0, n=120):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return rng.normal(size=(n, 6)) + 2 * np.eye(3, 6)[y], np.array(["ham", "egg", "jam"])[y]


def rows_of(advice):
    return [each.row for each in advice.suggestions]


def test_asked_again_it_goes_on_and_never_repeats():
    X, y = world()
    labelled: list[int] = []
    for _ in range(6):
        advice = charz.suggest(X, labelled=labelled, y=y[labelled], budget=20)
        assert not set(rows_of(advice)) & set(labelled)
        assert [each.rank for each in advice.suggestions] == list(range(1, 21))
        labelled += rows_of(advice)
    assert sorted(labelled) == list(range(120))
    over = charz.suggest(X, labelled=labelled, y=y[labelled])
    assert over.suggestions == ()
    assert over.n_left == 0
    assert over.stop


def test_the_order_in_which_labels_are_given_does_not_matter():
    X, y = world()
    rows = np.arange(0, 120, 7)
    first = charz.suggest(X, labelled=rows, y=y[rows], budget=9)
    back = charz.suggest(X, labelled=rows[::-1], y=y[rows[::-1]], budget=9)
    assert first == back


@pytest.mark.parametrize("strategy", ["random", "max_herding", "k_centre"])
def test_twenty_then_thirty_are_fifty(strategy):
    X, y = world()
    whole = rows_of(charz.suggest(X, budget=50, strategy=strategy, seed=3))
    first = rows_of(charz.suggest(X, budget=20, strategy=strategy, seed=3))
    then = charz.suggest(X, labelled=first, y=y[first], budget=30, strategy=strategy, seed=3)
    assert first + rows_of(then) == whole


def test_what_is_suggested_is_what_was_simulated():
    X, y = world()
    codes = np.unique(y, return_inverse=True)[1]
    order = simulate(X, codes, 3, "uncertainty_herding", 0, rounds=(10, 20)).rows
    asked = {"strategy": "uncertainty_herding", "seed": 0}
    first = charz.suggest(X, budget=10, **asked)
    assert rows_of(first) == order[:10].tolist()
    then = charz.suggest(X, labelled=order[:10], y=y[order[:10]], budget=10, **asked)
    assert rows_of(then) == order[10:].tolist()


def test_duplicates_are_suggested_once_and_not_when_one_is_labelled():
    X, y = world(n=30)
    twice = np.concatenate([X, X])
    advice = charz.suggest(twice, labelled=[0, 1], y=y[:2], budget=60)
    assert advice.n_left == 28
    assert sorted(row % 30 for row in rows_of(advice)) == list(range(2, 30))


def test_a_gain_is_expected_from_eight_labels_on():
    X, y = world()
    assert charz.suggest(X, labelled=range(7), y=y[:7]).outlook == ()
    assert len(set(y[:8])) > 1
    assert charz.suggest(X, labelled=range(8), y=y[:8]).outlook


def test_one_class_so_far_is_enough_to_go_on_but_not_to_expect_a_gain():
    X, _ = world()
    advice = charz.suggest(X, labelled=[3, 5], y=["ham", "ham"], budget=4, stop_below=5)
    assert len(advice.suggestions) == 4
    assert advice.n_classes == 1
    assert advice.outlook == ()
    assert advice.gain is advice.rest is None
    assert not advice.stop


def test_the_outlook_grows_with_labels_and_stops_where_asked():
    X, y = world()
    rows = np.arange(60)
    advice = charz.suggest(X, labelled=rows, y=y[rows], budget=10, stop_below=0.01)
    values = [gain.value for gain in advice.outlook]
    assert values == sorted(values)
    assert [gain.n_to for gain in advice.outlook] == [70, 80, 120]
    assert all(gain.low <= gain.value <= gain.high for gain in advice.outlook)
    assert not advice.stop
    assert charz.suggest(X, labelled=rows, y=y[rows], stop_below=100).stop


def test_a_pool_without_doubt_gains_less_than_one_of_noise():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    easy, hard = (rng.normal(size=(200, 8)) + gap * y[:, None] for gap in (4, 0))
    rows = np.arange(50)
    gains = [charz.suggest(X, labelled=rows, y=y[rows]).rest.value for X in (easy, hard)]
    assert gains[0] < gains[1]


def test_an_unknown_strategy_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="max_herding"):
        charz.suggest(np.eye(4), strategy="max_hering")


@pytest.mark.parametrize(("options", "told"), [
    ({"budget": 0}, "budget"),
    ({"stop_below": 0.0}, "stop_below"),
    ({"labelled": [0, 0], "y": ["a", "b"]}, "twice"),
    ({"labelled": [9], "y": ["a"]}, "rows 9..9"),
    ({"labelled": [-1], "y": ["a"]}, "rows -1"),
    ({"labelled": [0.5], "y": ["a"]}, "labelled has the shape"),
    ({"labelled": [0]}, "one label per row"),
    ({"labelled": [0], "y": [None]}, "missing"),
    ({"labelled": [0], "y": [float("nan")]}, "missing"),
    ({"X_pool": [[np.nan]]}, "NaN"),
    ({"X_pool": np.zeros((0, 3))}, "shape"),
    ({"seed": 0.5, "strategy": "random"}, "seed"),
])  # fmt: skip
def test_bad_input_is_refused_by_name(options, told):
    arguments = {"X_pool": np.eye(4)} | options
    with pytest.raises(InputError, match=told):
        charz.suggest(arguments.pop("X_pool"), **arguments)


def test_the_smallest_pools_get_an_answer():
    assert rows_of(charz.suggest([[0.0]])) == [0]
    assert rows_of(charz.suggest(np.zeros((5, 2)))) == [0]
    advice = charz.suggest([[0.0], [1.0]], labelled=[0, 1], y=[1, 2])
    assert advice.suggestions == ()


# --- files


def write(path, rows, names=("text", "label")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return str(path)


def texts(n):
    return [(row["text"], row["label"]) for row in tiny.rows("books", n, 7)]


def test_labels_in_the_pool_and_in_a_file_of_their_own_say_the_same(tmp_path):
    known = texts(40)
    inside = write(tmp_path / "a.csv", [(t, c if i < 12 else "") for i, (t, c) in enumerate(known)])
    bare = write(tmp_path / "b.csv", [(t,) for t, _ in known], ("text",))
    apart = write(tmp_path / "c.csv", known[:12])
    first = label.files(encoder=SPEC, pool=inside, budget=6)
    other = label.files(encoder=SPEC, pool=bare, labelled=[apart], budget=6)
    assert first.advice == other.advice
    assert first.advice.n_labelled == 12
    assert first.classes == ("average", "bad", "good")
    assert first.examples.texts == tuple(known[each.row][0] for each in first.advice.suggestions)


def test_rows_are_named_by_their_place_in_the_file(tmp_path):
    known = [t for t, _ in texts(9)]
    pool = write(tmp_path / "a.csv", [("", ""), (known[0], ""), ("  ", "")] +
                 [(t, "") for t in known[1:]])  # fmt: skip
    found = label.files(encoder=SPEC, pool=pool, budget=9, strategy="random")
    rows = [each.row for each in found.advice.suggestions]
    places = dict(zip(rows, found.examples.texts, strict=True))
    assert places == {1: known[0], **{3 + i: t for i, t in enumerate(known[1:])}}
    assert found.skipped == {pool: {"missing text": 2}}


def test_a_labelled_text_is_never_suggested_even_where_it_stands_twice(tmp_path):
    known = texts(12)
    pool = write(tmp_path / "a.csv", [(t, "") for t, _ in known * 2])
    done = write(tmp_path / "b.csv", known[:4])
    found = label.files(encoder=SPEC, pool=pool, labelled=[done], budget=30)
    assert set(found.examples.texts) == {t for t, _ in known[4:]} - {t for t, _ in known[:4]}
    assert len(set(found.examples.texts)) == len(found.examples.texts)


def test_labelled_texts_from_elsewhere_count(tmp_path):
    known = texts(30)
    pool = write(tmp_path / "a.csv", [(t,) for t, _ in known[:15]], ("text",))
    done = write(tmp_path / "b.csv", known[15:])
    found = label.files(encoder=SPEC, pool=pool, labelled=[done], budget=3)
    assert found.advice.n_labelled == 15
    assert all(text in {t for t, _ in known[:15]} for text in found.examples.texts)


@pytest.mark.parametrize(("rows", "names", "told"), [
    ([("one", "a"), ("one", "b")], ("text", "label"), "has the labels 'a' and 'b'"),
    ([], ("text", "label"), "no rows"),
    ([("", ""), ("", "")], ("text", "label"), "missing text"),
    ([("one",)], ("body",), "no column 'text'"),
])  # fmt: skip
def test_a_pool_that_cannot_be_used_is_refused(tmp_path, rows, names, told):
    with pytest.raises(InputError, match=told):
        label.files(encoder=SPEC, pool=write(tmp_path / "a.csv", rows, names))


def test_a_label_column_that_was_named_must_be_there(tmp_path):
    pool = write(tmp_path / "a.csv", [("one", "a")])
    with pytest.raises(InputError, match="stars"):
        label.files(encoder=SPEC, pool=pool, label_column="stars")


# --- what ships


def test_auto_takes_a_strategy_of_the_shelf_and_keeps_it_as_labels_arrive():
    X, y = world()
    rows = np.arange(30)
    codes = np.unique(y, return_inverse=True)[1]
    none = np.array([], dtype=np.int64)
    first = _auto.choose(Pool(X, none, none, 1), 50)
    assert first.strategy in shelf.names("acquisition")
    assert _auto.choose(Pool(X, rows, codes[rows], 3), 50) == first


def test_stopping_asks_for_less_than_was_asked_for():
    assert 0 < _gain.shipped()["stop_share"] < 1
    X, y = world()
    rows = np.arange(60)
    rest = charz.suggest(X, labelled=rows, y=y[rows]).rest.value
    share = _gain.shipped()["stop_share"]
    for points, stop in ((rest * 1.01, False), (rest / share * 1.01, True)):
        assert charz.suggest(X, labelled=rows, y=y[rows], stop_below=points).stop is stop


def test_the_shipped_tables_say_where_they_come_from():
    for table, source in ((_auto.shipped(), "label.py"), (_gain.shipped(), "label_gain.py")):
        assert source in table["made_by"]
    for gains in _auto.shipped()["gains"].values():
        assert set(gains) <= set(shelf.names("acquisition"))
    assert _gain.shipped()["low"] < 0 < _gain.shipped()["high"]


def test_the_gain_is_the_formula_written_out():
    model = {"weights": list(np.linspace(-1, 2, 32)), "level": 0.8, "low": -1.0, "high": 1.0}
    told = dict(zip(_gain.FEATURES, (0.6, 0.8, 0.75, 0.03, -0.2), strict=True))
    n, m = 50, 130
    s, k, h = np.log(n), np.log(5), np.log(m / n)
    known = [1, 0.4, 0.2, s, k, 0.08, 0.4 * s, 0.2 * s, 0.4 * k, 0.2 * k,
             0.25, 0.25 * s, 0.03, 0.03 * s, -0.2, -0.2 * s]  # fmt: skip
    weights = model["weights"]
    a, b = (
        sum(w * x for w, x in zip(part, known, strict=True))
        for part in (weights[:16], weights[16:])
    )
    found = _gain.gain(_gain.facts_of(told, 5), n, m, model)
    assert found.value == pytest.approx(h * a + h**2 * b)
    unit = found.value**0.75
    assert (found.low, found.high) == pytest.approx((found.value - unit, found.value + unit))


def test_auto_leaves_the_usual_strategy_only_for_a_clear_gain():
    low, high = [0.0] * 6, [1.0] * 6
    gains = {"badge": [2.0, 0, 0, 0, 0, 0, 0], "margin": [1.0, 0, 0, 3.0, 0, 0, 0]}
    table = {"low": low, "high": high, "usual": "badge", "margin": 1.0, "gains": {"50": gains}}
    for axes, name in ((0.0, "badge"), (0.6, "badge"), (0.7, "margin"), (9.0, "margin")):
        known = dict.fromkeys(_auto.FACTS, 0.0) | {"axes": axes}
        assert _auto.favoured(_auto.expected(known, 40, table), table) == name
