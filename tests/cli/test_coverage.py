"""``charz coverage`` as its users meet it."""

import json

from tests.cli.conftest import table, texts

SPEC = "random:hash?dims=16"


def files(tmp_path, extra=()):
    rows = [(text,) for text, _ in texts(120, 2)]
    return (
        "--encoder", SPEC, "--train", table(tmp_path / "train.csv", texts(40, 1)),
        "--eval", table(tmp_path / "eval.csv", [*rows, *extra], "text"),
    )  # fmt: skip


def test_a_row_per_region_and_talk_of_the_whole(charz, tmp_path):
    result = charz("coverage", *files(tmp_path), "--regions", "3")
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    assert head.startswith("number,name,status,n_eval,n_train,covered,accuracy,low,high")
    assert len(lines) == 3
    assert "of 120 eval texts lie within" in result.stderr
    assert "domain_auc" in result.stderr


def test_a_table_comes_with_a_map_of_the_space(charz, tmp_path):
    result = charz("coverage", *files(tmp_path), "--format", "table")
    assert result.exit_code == 0, result.output
    above = result.stderr.splitlines()
    assert above[-2].startswith("+ labelled   . eval, covered")
    assert any("+" in line for line in above[-22:-3])
    assert "+ labelled" not in charz("coverage", *files(tmp_path), "--format", "csv").stderr


def test_a_fitted_encoder_is_said_to_know_no_new_word(charz, tmp_path):
    _, _, *rest = files(tmp_path)
    result = charz("coverage", "--encoder", "tfidf:", *rest)
    assert "knows the words of the labelled texts only" in result.stderr
    assert "labelled texts only" not in charz("coverage", *files(tmp_path)).stderr


def test_json_has_one_object_with_all_of_it(charz, tmp_path):
    result = charz("coverage", *files(tmp_path), "--format", "json", "--level", "0.8")
    (found,) = json.loads(result.stdout)
    assert found["level"] == 0.8
    assert sum(region["n_eval"] for region in found["regions"]) == 120
    assert {each["label"] for each in found["classes"]} == {"sport", "money"}
    assert found["provenance"]["encoder"] == SPEC
    assert "plane" not in found


def test_hostile_texts_reach_no_terminal(charz, tmp_path):
    hostile = [("\x1b]0;owned\x07 \u202eevil words here",)] * 60
    result = charz("coverage", *files(tmp_path, hostile), "--format", "table")
    assert result.exit_code == 0, result.output
    shown = result.stdout + result.stderr
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_a_picture_is_drawn(charz, tmp_path):
    for name, start in (("map.png", b"\x89PNG"), ("map.svg", b"<?xml")):
        result = charz("coverage", *files(tmp_path), "--figure", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).read_bytes().startswith(start)
        assert f"drew {tmp_path / name}" in result.stderr


def test_wrong_usage_is_told_before_any_work(charz, tmp_path):
    given = files(tmp_path)
    bad = charz("coverage", *given, "--figure", tmp_path / "map.gif")
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert "no picture" in bad.stderr
    assert charz("coverage", *given, "--regions", "0").exit_code == 2
    assert charz("coverage", *given, "--level", "2").exit_code == 2
    assert charz("coverage", "--encoder", SPEC).exit_code == 2
    one = table(tmp_path / "one.csv", [("some text here", "a"), ("other text", "a")])
    told = charz("coverage", "--encoder", SPEC, "--train", one, "--eval", one)
    assert told.exit_code == 1
    assert "class" in told.stderr
