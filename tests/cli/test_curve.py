"""``charz curve`` and ``charz compare`` as they are typed."""

from __future__ import annotations

import pytest

from charz.answers import CurvePoint, LearningCurve, TargetAnswer
from charz.pictures import forecast
from tests.cli.conftest import table, texts

ASKED = ("curve", "--encoder", "random:hash?dims=16", "--train")


def test_a_curve_without_a_registry(rows, charz, task):
    found = rows(*ASKED, task["train"], "--target", "0.8", "--at", "48")
    assert [row["n"] for row in found] == [24, 48]
    assert all(row["low"] <= row["value"] <= row["high"] for row in found)
    assert found[0]["answer"]["target"] == 0.8
    assert {"last", "median", "pow4"} <= set(found[0]["baselines"])
    assert found[0]["key"] is None
    said = charz(*ASKED, task["train"], "--target", "0.8", "--format", "csv")
    assert "0.8" in said.stderr.splitlines()[-1]
    assert len(said.stdout.splitlines()) == 6


def test_points_are_kept_and_settled(rows, charz, task, registry):
    first, later = rows(*ASKED, task["train"], "--eval", task["eval"], "--at", "48")
    assert "metamodel" in later["baselines"]
    (settled,) = rows("outcome", later["key"], "--value", "0.9")
    assert settled["covered"] == (later["low"] <= 0.9 <= later["high"])
    assert first["key"] != later["key"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_curve_is_drawn(charz, task, tmp_path, suffix):
    path = tmp_path / f"curve{suffix}"
    said = charz(*ASKED, task["train"], "--figure", path, "--format", "csv")
    assert said.exit_code == 0, said.output
    first = path.read_bytes()
    charz(*ASKED, task["train"], "--figure", path)
    assert path.read_bytes() == first
    assert len(first) > 1000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "2"], "target 2"),
        (["--at", "3"], "at=3 is below"),
        (["--metric", "acuracy"], "acuracy"),
        (["--figure", "curve.docx"], "is no picture"),
        (["--eval", "none.csv"], "none.csv"),
    ],
)
def test_bad_input_is_one_error(charz, task, options, said):
    result = charz(*ASKED, task["train"], *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


def test_one_class_is_one_error(charz, tmp_path):
    path = table(tmp_path / "one.csv", [(text, "same") for text, _ in texts(8, 0)])
    result = charz(*ASKED, path)
    assert result.exit_code == 1
    assert "charz: remedy:" in result.stderr


def test_text_stays_in_its_room_and_shows_the_target():
    points = tuple(CurvePoint(n, 0.7, 0.5, 0.9) for n in (64, 128))
    answer = TargetAnswer(0.95, "unknown", more=64)
    curve = LearningCurve("accuracy", 0.9, 64, points, answer, {8: float("nan"), 32: 0.6}, {},
                          1.0, 0.5, None)  # fmt: skip
    lines = forecast.text(curve, 30).splitlines()
    assert len(lines) == 3  # no score, no line
    assert all("|" in line for line in lines)
    assert max(map(len, lines)) <= 30 + 12


def test_two_encoders_and_two_heads(rows, charz, task, tmp_path):
    eval_ = table(tmp_path / "eval.csv", texts(40, 9))
    both = ("--encoder", "tfidf:?dims=16", "--encoder", "random:hash?dims=16")
    (found,) = rows("compare", *both, "--train", task["train"], "--eval", eval_)
    assert found["n_eval"] == 40
    assert found["low"] <= found["difference"] <= found["high"]
    (heads,) = rows("compare", *both[:2], "--probe", "logistic", "--probe", "ridge", "--train",
                    task["train"])  # fmt: skip
    assert heads["source"] == "cv"
    assert (heads["first"], heads["second"]) == ("logistic", "ridge")
    one = charz("compare", *both[:2], "--train", task["train"])
    assert one.exit_code == 1
    assert "two encoders, or two probes" in one.stderr
