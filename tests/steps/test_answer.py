"""Answers of commands on a user's own texts: kept once, with hashes, without the texts."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import sqlalchemy as sa

from charz.schema import TABLES
from charz.steps import answer, query
from charz.steps.answer import keep


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "train.csv").write_text("text,label\nshy,a\n", encoding="utf-8")
    (tmp_path / "more.csv").write_text("text,label\nbold,b\n", encoding="utf-8")
    files = {"train": str(tmp_path / "train.csv"), "labelled": [str(tmp_path / "more.csv")],
             "eval": None}  # fmt: skip
    said = {"value": np.float64(0.5), "low": float("nan"), "rows": np.arange(2), "seconds": 0.1,
            "regions": ({"name": "a", "examples": ("shy",)},)}  # fmt: skip
    return {"files": files, "asked": {"encoders": ("tfidf:",), "level": 0.9}, "said": said}


def test_an_answer_is_one_row_however_often_it_is_given(store, asked, tmp_path):
    keys = set()
    for seconds in (0.1, 0.2):
        asked["said"]["seconds"] = seconds
        keys.add(keep(store, "coverage", **asked))
    (row,) = store.rows(sa.select(TABLES["answer"]))
    assert keys == {row["key"]}
    assert row["said"].pop("seconds") == 0.1
    assert row["said"] == {"value": 0.5, "low": None, "rows": [0, 1], "regions": [{"name": "a"}]}
    assert row["asked"] == {"encoders": ["tfidf:"], "level": 0.9}
    train, more = (
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("train.csv", "more.csv")
    )
    assert row["files"] == {"train": train, "labelled": [more]}
    assert "shy" not in json.dumps([row["said"], row["asked"], row["files"]])


def test_another_question_or_other_texts_are_another_answer(store, asked, tmp_path):
    first = keep(store, "coverage", **asked)
    assert keep(store, "coverage", **asked | {"asked": {"encoders": ["tfidf:"]}}) != first
    (tmp_path / "train.csv").write_text("text,label\nshy,b\n", encoding="utf-8")
    assert keep(store, "coverage", **asked) != first
    assert store.count("answer") == 3


def test_without_a_registry_nothing_is_kept(asked):
    assert keep(None, "coverage", **asked) is None


def test_what_json_cannot_hold_is_made_plain():
    value = {"a": {1: float("inf")}, "b": (np.bool_(True), np.int64(3)), "text": "secret", "c": {2}}
    assert json.dumps(answer.plain(value)) == '{"a": {"1": null}, "b": [true, 3], "c": "{2}"}'


def test_the_query_finds_it_again(store, asked):
    key = keep(store, "coverage", **asked)
    (row,) = query.run(store, "answer", parameters={"command": "coverage"}).to_dict("records")
    assert (row["key"], row["encoders"]) == (key, "tfidf:")
    assert json.loads(row["said"])["value"] == 0.5
    assert query.run(store, "answer", parameters={"command": "head"}).empty
