"""What is said of the eval rows' source: one fit for both answers, each with its own intervals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from charz import shelf
from charz.errors import InputError, UnknownNameError
from charz.metamodels import _bundle, _domain, _heldout, _judging_table
from charz.metamodels._bundle import Table

DEAF = [name for name in shelf.names("metamodels") if name != "mixture"]


def world(seed: int, n_groups: int = 24, n_rows: int = 40) -> Table:
    """Return a world where a shift takes 0.25 away, and no feature shows it.

    The same source scores what CV says, but for noise of 0.02; the other less, noise 0.06.
    """
    rng = np.random.default_rng(seed)
    n = n_groups * n_rows
    group, shift = np.repeat(np.arange(n_groups), n_rows), np.arange(n) % 2 == 1
    cv = rng.uniform(0.55, 0.85, n)
    truth = cv - 0.25 * shift + rng.normal(0, np.where(shift, 0.06, 0.02))
    features = pd.DataFrame({
        "cv": cv, "domain_auc": rng.uniform(0.5, 0.9, n), "n_train": 64.0, "n_eval": 500.0,
        "n_target": 64.0, "_is_shift": shift.astype(float),
    })  # fmt: skip
    source = np.where(shift, (group + 1) % n_groups, group)
    names = np.array([f"g{g}" for g in range(n_groups)])
    lineages = np.array(["a", "b"])[np.arange(n) // 2 % 2]
    keys = pd.DataFrame({
        "encoder": lineages, "dataset": names[source], "eval_dataset": names[group],
        "protocol": "curve", "seed": np.arange(n), "eval_seed": 0, "n_train": 64, "n_eval": 500,
    })  # fmt: skip
    return Table(features, np.clip(truth, 0, 1), names[group], names[source], lineages, "f", keys)


@pytest.fixture(scope="module")
def table() -> Table:
    return world(0)


@pytest.fixture(scope="module")
def fitted(table: Table) -> tuple[_bundle.Bundle, list[dict]]:
    return _bundle.fit("mixture", "accuracy", table)


def test_names_and_numbers() -> None:
    assert _domain.number("same") == 0
    assert _domain.number("other") == 1
    assert np.isnan(_domain.number("unknown"))
    for wrong in ("shift", "Same", "", None, 1):
        with pytest.raises(UnknownNameError, match="choose unknown, same or other"):
            _domain.number(wrong)


def test_one_fit_answers_every_frame(table: Table) -> None:
    blocks = _heldout.blocks(table.groups, None, n_folds=2)
    asked = [table.features, table.told, table.features.assign(cv=0.9)]
    rows = (table.features, table.target, table.groups)
    found = blocks.several("mixture", *rows, asked)
    module = shelf.load("metamodels", "mixture")
    for held, trained in blocks.pairs:
        model = module.fit(*(each[trained] for each in rows))
        for answer, frame in zip(found, asked, strict=True):
            np.testing.assert_array_equal(answer[held], module.predict(model, frame[held]))
    np.testing.assert_array_equal(found[0], blocks.answers("mixture", *rows))
    assert np.abs(found[0] - found[1]).max() > 0.05


@pytest.mark.parametrize("name", DEAF)
def test_the_others_do_not_hear(table: Table, name: str) -> None:
    assert not _domain.is_heard(name)
    module = shelf.load("metamodels", name)
    some = np.arange(200)
    frame = table.features.iloc[some]
    model = module.fit(frame, table.target[some], table.groups[some])
    plain = module.predict(model, frame)
    for told in (0.0, 1.0):
        np.testing.assert_array_equal(module.predict(model, frame.assign(_told_shift=told)), plain)


def test_told_intervals_cover_each_kind_at_its_own_width(
    fitted: tuple[_bundle.Bundle, list[dict]],
) -> None:
    bundle, new = fitted[0], world(1)
    shift = new.settings == "shift"
    guessed = _bundle.answer(bundle, new.features, 0.9)
    told = _bundle.answer(bundle, new.told, 0.9)
    inside = (told.low <= new.target) & (new.target <= told.high)
    for rows in (shift, ~shift):
        assert 0.87 < inside[rows].mean() < 0.99
    # 90% of a normal law lies within 1.645 standard deviations; held-out models know it less well.
    width = told.high - told.low
    for rows, spread in ((shift, 0.06), (~shift, 0.02)):
        assert 1 <= np.mean(width[rows]) / (2 * 1.645 * spread) < 1.4
    assert np.mean(width) < 0.5 * np.mean(guessed.high - guessed.low)


def test_rows_that_say_nothing_are_answered_as_before(
    fitted: tuple[_bundle.Bundle, list[dict]], table: Table
) -> None:
    bundle = fitted[0]
    some = table.features.iloc[:6]
    plain = _bundle.answer(bundle, some, 0.9)
    mixed = _bundle.answer(bundle, some.assign(_told_shift=[np.nan, 0, np.nan, 1, 0, 1]), 0.9)
    whole = [_bundle.answer(bundle, some.assign(_told_shift=told), 0.9) for told in (0.0, 1.0)]
    for name in ("value", "low", "high"):
        same, other = (getattr(each, name) for each in whole)
        nothing, found = getattr(plain, name), getattr(mixed, name)
        expected = [nothing[0], same[1], nothing[2], other[3], same[4], other[5]]
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(mixed.support, plain.support)


def test_a_bundle_of_one_that_does_not_hear_holds_two_equal_calibrations(table: Table) -> None:
    bundle, report = _bundle.fit("constant", "accuracy", table)
    parts = {name.partition(".")[2] for name in bundle.calibration}
    for name in parts:
        guessed, told = (bundle.calibration[f"{kind}.{name}"] for kind in ("guessed", "told"))
        np.testing.assert_array_equal(guessed, told)
    assert {row["method"] for row in report} == {"constant", "cv"}


def test_bundles_survive_arrays_and_older_ones_are_refused(
    fitted: tuple[_bundle.Bundle, list[dict]], table: Table
) -> None:
    arrays = _bundle.to_arrays(fitted[0])
    again = _bundle.answer(_bundle.from_arrays(arrays), table.told, 0.9)
    np.testing.assert_array_equal(again.low, _bundle.answer(fitted[0], table.told, 0.9).low)
    older = {
        **arrays,
        "facts": np.array(str(arrays["facts"]).replace('"format": 3', '"format": 2')),
    }
    with pytest.raises(InputError, match="another format"):
        _bundle.from_arrays(older)


def test_the_reports_show_what_telling_is_worth(
    fitted: tuple[_bundle.Bundle, list[dict]], table: Table
) -> None:
    judged = _judging_table.judge(table, ["mixture"], ["groups"])
    assert len(judged) == _judging_table.n_methods(table, ["mixture"])
    for rows in (fitted[1], _judging_table.rows(table, judged, 0.9, 500)):
        frame = pd.DataFrame(rows)
        frame = frame[frame["bucket"] == "all"].set_index(["method", "setting"])
        # The mean of |error| is sqrt(2 / pi) standard deviations.
        for setting, spread in (("same", 2), ("shift", 6)):
            own = frame.loc["mixture_told", setting]
            assert own["mae"] == pytest.approx(spread * np.sqrt(2 / np.pi), rel=0.15)
            assert own["mae"] < 0.8 * frame.loc["mixture", setting]["mae"]
            assert 0.85 < own["coverage"] < 0.97
            assert own["width"] < frame.loc["mixture", setting]["width"]
    kinds = {each.method: each.kind for each in judged}
    assert kinds["mixture"] == kinds["mixture_told"] == "metamodel"


def test_what_held_out_rows_were_is_not_read(table: Table) -> None:
    """Whatever ``_is_shift`` says of held-out rows, no answer to them changes."""
    whole = _heldout.blocks(table.groups, table.lineages, table.sources, n_folds=3)
    held, trained = whole.pairs[0]
    one = _heldout.Blocks(((held, trained),))
    column = table.features["_is_shift"].to_numpy()
    order = np.random.default_rng(0).permutation(np.flatnonzero(held))
    lied = column.copy()
    lied[held] = column[order]
    other = dataclasses.replace(table, features=table.features.assign(_is_shift=lied))
    assert (lied != column).any()
    guessed, told = (
        np.array([
            each.several("mixture", of.features, of.target, of.groups, [of.features, of.told])
            for each, of in ((one, table), (one, other))
        ])[:, i][:, held]
        for i in (0, 1)
    )  # fmt: skip
    np.testing.assert_array_equal(guessed[0], guessed[1])
    np.testing.assert_array_equal(told[0], told[1])
    assert np.abs(guessed[0] - told[0]).max() > 0.05
