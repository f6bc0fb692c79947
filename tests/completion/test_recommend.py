"""Recommending encoders from a few scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import charz
from charz.completion import _choose, _model, _recommend
from charz.completion._record import CELLS, Record, of_scores
from charz.errors import InputError, UnknownNameError

SCORES = {"BAAI/bge-m3": 0.71, "intfloat/multilingual-e5-small": 0.64}


def test_every_other_encoder_of_the_record_is_told_of() -> None:
    found = charz.recommend_from_scores(SCORES)
    assert list(found.columns) == list(_recommend.COLUMNS)
    names = set(_recommend.shipped("mteb").encoders.index)
    assert set(found.encoder) == names - set(SCORES)
    shares = found[["value", "low", "high", "p_best"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert found.value.is_monotonic_decreasing
    pd.testing.assert_frame_equal(found, charz.recommend_from_scores(SCORES))


def test_facts_alone_give_wider_intervals() -> None:
    facts = {"n_classes": 77, "languages": "eng", "domains": ["Written"], "mean_chars": 60}
    alone = charz.recommend_from_scores({}, facts=facts)
    both = charz.recommend_from_scores(SCORES, facts=facts)
    width = [(each.high - each.low).mean() for each in (alone, both)]
    assert width[0] > 1.3 * width[1]
    easy = charz.recommend_from_scores({}, facts=facts | {"n_classes": 2})
    assert easy.value.mean() > alone.value.mean()


def test_higher_scores_raise_the_rest() -> None:
    low, high = (
        charz.recommend_from_scores({name: v + off for name, v in SCORES.items()})
        for off in (0.0, 0.1)
    )
    assert high.value.mean() > low.value.mean() + 0.05


def test_bad_input_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'BAAI/bge-m3'"):
        charz.recommend_from_scores({"BAAI/bge-m33": 0.5})
    with pytest.raises(InputError, match=r"outside \[0, 1\]"):
        charz.recommend_from_scores({"BAAI/bge-m3": 71})
    with pytest.raises(UnknownNameError, match="unknown protocol 'mtebb'"):
        charz.recommend_from_scores(SCORES, protocol="mtebb")
    with pytest.raises(UnknownNameError, match="unknown task fact 'classes'"):
        charz.recommend_from_scores(SCORES, facts={"classes": 3})
    with pytest.raises(InputError, match="nothing to go by"):
        charz.recommend_from_scores({})
    with pytest.raises(InputError, match="level"):
        charz.recommend_from_scores(SCORES, level=1.0)


def test_a_model_of_ones_own_record_answers_and_survives_a_file(record: Record) -> None:
    model = _model.fit(record)
    back = _model.from_bytes(_model.to_bytes(model))
    scores = {record.encoders.index[0]: 0.8}
    one, other = (
        charz.recommend_from_scores(scores, model=each).set_index("encoder").value
        for each in (model, back)
    )
    assert np.allclose(one, other[one.index], atol=1e-4)
    assert back.fingerprint == record.fingerprint
    assert list(back.tasks.index) == list(record.tasks.index)


def test_records_are_checked() -> None:
    fine = of_scores({"a": {"s": 0.5}})
    for change, words in (
        ({"value": 1.5}, "outside"), ({"encoder": "b"}, "no facts"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            Record(fine.cells.assign(**change), fine.encoders, fine.tasks)
    with pytest.raises(InputError, match="twice"):
        Record(pd.concat([fine.cells] * 2), fine.encoders, fine.tasks)
    with pytest.raises(InputError, match="no column 'sd'"):
        Record(fine.cells.drop(columns="sd"), fine.encoders, fine.tasks)
    with pytest.raises(InputError, match="no cell"):
        _model.fit(Record(pd.DataFrame(columns=list(CELLS)), fine.encoders, fine.tasks))


def test_the_front_is_what_nothing_beats() -> None:
    rng = np.random.default_rng(0)
    value, cost = rng.integers(0, 6, 40), rng.integers(0, 6, 40)
    slow = [
        not any((v >= value[i]) & (c <= cost[i]) & ((v > value[i]) | (c < cost[i]))
                for v, c in zip(value, cost, strict=True))
        for i in range(40)
    ]  # fmt: skip
    assert _choose.front(value, cost).tolist() == slow


def test_filters_leave_what_meets_them(record: Record) -> None:
    facts = _recommend.shipped("mteb").encoders
    small = facts[_choose.keep(facts, max_params=2e8, is_open=True, language="deu")]
    assert len(small) > 0
    assert (small.n_params <= 2e8).all()
    assert all("deu" in languages for languages in small.languages)
    assert len(facts[_choose.keep(facts, min_tokens=4096, license="MIT")]) > 0
    assert len(facts[_choose.keep(facts, max_dims=10)]) == 0


def test_reasons_add_up_and_the_task_itself_is_nearest(record: Record) -> None:
    model = _model.fit(record)
    scores = {record.encoders.index[0]: 0.8, record.encoders.index[7]: 0.3}
    moved = _choose.moved(model, scores)
    whole = _model.new_task(model, scores).mean - _model.prior(model, "tasks").mean
    assert np.allclose(moved.sum(), whole)
    value = record.matrix("value")["t07"].dropna()
    joint = _model.new_task(model, value.to_dict())
    assert _choose.nearest(model, joint.mean).task.iloc[0] == "t07"
