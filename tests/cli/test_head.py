"""``charz head`` on files."""

from __future__ import annotations

import json

import pytest

from charz.heads import HEADS
from tests.cli.conftest import table, texts
from tests.encoders.conftest import build_bert, plain_bert, vocabulary, wordpiece  # noqa: F401

ENCODER = "tfidf:?dims=16"


@pytest.fixture
def labelled(tmp_path):
    return table(tmp_path / "labelled.csv", texts(60, 9))


def test_json_has_all_of_it(rows, task, labelled):
    (found,) = rows("head", "--encoder", ENCODER, "--train", task["train"], "--eval", labelled)
    assert found["heads"][0]["head"] == found["recommended"]
    assert sorted(row["head"] for row in found["heads"]) == sorted(HEADS)
    assert set(found["baselines"]) == {"always logistic", "cv-pick", "metamodel"}
    assert found["provenance"]["encoder"] == ENCODER
    assert found["provenance"]["n_train"] == 24
    for row in found["heads"]:
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
        assert 0 <= row["measured"] <= 1
    assert set(found["beyond_linear"]) >= {"pays", "gain", "low", "high", "probability"}


def test_rows_go_to_stdout_and_talk_to_stderr(charz, task):
    result = charz("head", "--encoder", ENCODER, "--train", task["train"], "--eval", task["eval"])
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    assert head.startswith("head,value,low,high,p_best,gain")
    assert "measured" not in head  # the eval texts have no labels
    assert len(lines) == len(HEADS)
    assert "take " in result.stderr
    assert "going beyond linear" in result.stderr
    assert "always logistic" in result.stderr
    assert "has no labels" in result.stderr


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_is_drawn(charz, task, tmp_path, suffix):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"heads{suffix}"
    arguments = ("head", "--encoder", ENCODER, "--train", task["train"], "--figure", path)
    result = charz(*arguments, "--format", "table")
    assert result.exit_code == 0, result.output
    assert path.stat().st_size > 1000
    assert "gain over logistic" in result.stdout


def test_layers_are_compared_in_one_pass(rows, charz, task, labelled, build_bert):  # noqa: F811
    spec = f"st:{build_bert()}"
    given = ("head", "--encoder", spec, "--train", task["train"], "--eval", labelled, "--layers")
    (found,) = rows(*given)
    assert [row["layer"] for row in found["layers"]] == [0, 1, 2, 3]
    assert [row["cost"] for row in found["layers"]] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found["layers"][-1]["gain"] == 0
    assert found["enough"] in found["layers"]
    assert found["best"]["loss"] == 0
    assert "is enough here" in charz(*given).stderr


def test_a_checkpoint_is_fine_tuned(rows, task, build_bert, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    spec = f"st:{build_bert()}"
    (found,) = rows("head", "--encoder", spec, "--train", task["train"], "--fine-tune")
    (tuned,) = (row for row in found["heads"] if row["head"] == "fine_tune")
    assert tuned["basis"] == "tuned networks"
    assert found["fine_tuning"] is None
    assert set(tuned["setting"]) == {"rate", "reset_layers"}
    assert len(found["heads"]) == len(HEADS) + 1


def test_what_fine_tuning_may_gain_is_told_before_it_is_tried(rows, charz, task, build_bert):  # noqa: F811
    given = ("head", "--encoder", f"st:{build_bert()}", "--train", task["train"])
    (found,) = rows(*given)
    tuning = found["fine_tuning"]
    assert tuning["low"] < tuning["gain"] < tuning["high"]
    assert 0 < tuning["probability"] < 1
    assert tuning["encodings"] == 5 * (150 + 9 * 150) * 16  # three settings, three folds
    assert "--fine-tune would gain" in charz(*given).stderr
    (found,) = rows("head", "--encoder", ENCODER, "--train", task["train"])
    assert found["fine_tuning"] is None  # words have no weights to tune


def test_wrong_usage_and_bad_input_are_one_error(charz, task, tmp_path):
    train = ("--train", task["train"])
    assert charz("head", *train).exit_code == 2
    assert charz("head", "--encoder", ENCODER, *train, "--layers", "--fine-tune").exit_code == 2
    one = table(tmp_path / "one.csv", [("a text", "same"), ("another", "same")])
    for arguments, said in (
        (("--encoder", ENCODER, "--train", one), "two classes"),
        (("--encoder", ENCODER, "--train", tmp_path / "no.csv"), "does not exist"),
        (("--encoder", ENCODER, *train, "--layers"), "no layers"),
        (("--encoder", ENCODER, *train, "--fine-tune"), "no weights"),
        (("--encoder", "nokind:", *train), "nokind"),
        (("--encoder", ENCODER, *train, "--figure", tmp_path / "a.gif"), "no picture"),
    ):
        result = charz("head", *arguments)
        assert result.exit_code == 1, result.output
        assert said in result.stderr
        assert "remedy" in result.stderr


def test_a_registry_keeps_the_answer_and_no_text(charz, task, labelled, build_bert, tmp_path):  # noqa: F811
    registry = f"sqlite:///{tmp_path / 'team.db'}"
    assert charz("ingest", "encoder", ENCODER, "--registry", registry).exit_code == 0
    given = ("--train", task["train"], "--eval", labelled, "--registry", registry)
    for more in ((), (), ("--format", "json")):
        result = charz("head", "--encoder", ENCODER, *given, *more)
        assert result.exit_code == 0, result.output
        assert "head: kept under" in result.stderr
    assert charz("head", "--encoder", f"st:{build_bert()}", *given, "--layers").exit_code == 0
    found = charz("query", "answer", "--registry", registry, "--format", "json")
    layers, heads = sorted(json.loads(found.stdout), key=lambda row: "recommended" in row["said"])
    assert json.loads(heads["said"])["recommended"] in HEADS
    assert set(json.loads(layers["said"])) >= {"layers", "enough"}
    text = labelled.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    assert text not in found.stdout
