"""``charz recommend`` and ``charz plan`` on a tiny record and tiny files."""

from __future__ import annotations

import json
import os

import pytest

from tests import recorded
from tests.cli.conftest import done, run, table, texts

OWN = ("--record", "own")
GLOVE, LLAMA = "static:glove=glove", "static:wordllama"
OTHER = {"sport": "money", "money": "sport"}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Build a registry once: the tiny record, two datasets, two encoders of the record."""
    folder = tmp_path_factory.mktemp("recorded")
    registry = ("--registry", folder / "charz.db")
    for seed, name in enumerate(("news", "blogs")):
        done(run("ingest", "dataset", table(folder / f"{name}.csv", texts(90, seed)), *registry))
    done(run("ingest", "results", "mteb", recorded.folder(folder / "record"), *registry))
    done(run("ingest", "encoder", "static:wordllama", "static:glove", "random:hash?dims=8",
             *registry))  # fmt: skip
    return folder


@pytest.fixture
def record(made, tmp_path, monkeypatch):
    """Give a test a copy of that registry, named by CHARZ_REGISTRY."""
    import shutil

    copy = tmp_path / "registry"
    shutil.copytree(made, copy)
    monkeypatch.setenv("CHARZ_REGISTRY", str(copy / "charz.db"))
    return copy / "charz.db"


@pytest.fixture
def task(tmp_path):
    return {
        "train": table(tmp_path / "moods.csv", texts(80, 7)),
        "test": table(tmp_path / "later.csv", [(text, OTHER[y]) for text, y in texts(60, 8)]),
        "pool": table(tmp_path / "pool.csv", [(t,) for t, _ in texts(60, 8)], header="text"),
    }


def test_all_encoders_are_ranked_with_reasons(record, rows, task, tmp_path):
    picture = tmp_path / "front.png"
    (found,) = rows("recommend", "--train", task["train"], "--measure",
                    f"{LLAMA},{GLOVE},tfidf:", "--figure", picture, *OWN)  # fmt: skip
    assert {row["encoder"] for row in found["encoders"]} == set(recorded.SKILL)
    values = [row["value"] for row in found["encoders"]]
    assert values == sorted(values, reverse=True)
    assert sum(row["p_best"] for row in found["encoders"]) == pytest.approx(1)
    for row in found["encoders"]:
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
        assert 0 <= row["own_low"] <= row["own"] <= row["own_high"] <= 1
        assert row["p_best"] <= row["p_near"] + 1e-12
        assert set(row["why"]) == {"wordllama", "glove"}
    by_name = {row["encoder"]: row for row in found["encoders"]}
    assert by_name["org/middle"]["warning"] == "this task"
    assert by_name["org/middle"]["trained_on"] == ["MoodsClassification"]
    assert by_name["org/small"]["seconds"] < by_name["org/large"]["seconds"]
    assert by_name["wordllama"]["n_params"] is by_name["wordllama"]["seconds"] is None
    measured = {each["spec"]: each for each in found["measured"]}
    assert measured["static:wordllama"]["encoder"] == "wordllama"
    assert measured["tfidf:"]["encoder"] is None
    assert by_name["glove"]["measured"] == measured["static:glove"]["accuracy"]
    assert by_name["glove"]["own"] == measured["static:glove"]["own"]
    assert found["task"]["name"] == "moods"
    assert any("tfidf: is none of the record's" in note for note in found["notes"])
    assert any("a task of this name: mteb/Moods" in note for note in found["notes"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_asking_again_encodes_nothing_and_says_the_same(record, charz, rows, task, monkeypatch):
    asked = ("recommend", "--train", task["train"], "--measure", LLAMA, *OWN)
    first = rows(*asked)
    from charz.steps import _encode

    monkeypatch.setattr(_encode, "load", None)  # encoding would be an error
    assert rows(*asked) == first
    keys = rows("query", "--sql", "SELECT encoder_spec, value FROM prediction")
    assert {row["encoder_spec"] for row in keys} == {"static:wordllama"}
    assert first[0]["measured"][0]["own"] in {row["value"] for row in keys}


def test_eval_rows_with_labels_are_tested_on_and_others_are_not(record, rows, task):
    asked = ("recommend", "--train", task["train"], "--measure", LLAMA, *OWN)
    (labelled,) = rows(*asked, "--eval", task["test"])
    (unlabelled,) = rows(*asked, "--eval", task["pool"])
    (alone,) = rows(*asked)
    scores = [each["measured"][0]["accuracy"] for each in (labelled, unlabelled, alone)]
    assert scores[1] == scores[2] > 0.8
    assert scores[0] < 0.2  # its labels are the wrong way round


def test_facts_alone_are_answered_with_wider_intervals(record, rows, task):
    (alone,) = rows("recommend", "--facts", "n_classes=2,languages=eng", *OWN)
    (unmeasured,) = rows("recommend", "--train", task["train"], *OWN)
    (measured,) = rows("recommend", "--train", task["train"], "--measure", LLAMA, *OWN)
    width = [sum(row["high"] - row["low"] for row in found["encoders"])
             for found in (alone, unmeasured, measured)]  # fmt: skip
    assert width[2] < width[1]
    assert width[2] < width[0]
    assert all(row["own"] is None and row["why"] == {} for row in alone["encoders"])
    assert any("facts alone" in note for note in alone["notes"])


@pytest.mark.parametrize(
    ("condition", "kept", "said"),
    [
        (("--max-params", "90M"), {"org/small", "org/middle"}, "2 encoders without a stated size"),
        (("--max-params", "2B"), {"org/small", "org/middle", "org/large"}, "2 encoders"),
        (("--open",), set(recorded.SKILL) - {"org/secret"}, None),
        (("--language", "deu"), {"org/large"}, None),
        (("--license", "MIT"), {"wordllama", "glove", "org/middle", "org/secret"}, "1 encoders"),
        (("--max-tokens", "512"), set(recorded.SKILL), None),
    ],
)
def test_conditions_leave_out_what_does_not_meet_them(record, charz, condition, kept, said):
    result = charz("recommend", "--facts", "n_classes=2", *OWN, *condition, "--format", "json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert {row["encoder"] for row in found["encoders"]} == kept
    assert found["n_kept"] == len(kept)
    assert ("left out" in result.stderr) == (said is not None)
    assert (said or "") in result.stderr


def test_a_table_and_its_picture_as_text(record, charz, tmp_path):
    result = charz("recommend", "--facts", "n_classes=2", *OWN, "--top", "2", "--format", "table",
                   "--figure", tmp_path / "front.txt")  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["encoder", "value", "low", "high"]
    assert "7.0B" in result.stdout
    drawn = (tmp_path / "front.txt").read_text(encoding="utf-8").splitlines()
    assert drawn[0].startswith("Accuracy against size")
    assert drawn[1].split()[:2] == ["5.0M", "org/small"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--train"),
        (("--measure", "tfidf:", "--facts", "n_classes=2"), 2, "need --train"),
        (("--facts", "n_classes=0"), 2, "n_classes"),
        (("--facts", "n_clases=2"), 1, "n_classes"),
        (("--facts", "n_classes"), 2, "key=value"),
        (("--facts", "n_classes=2", "--max-params", "20X"), 2, "200M"),
        (("--facts", "n_classes=2", "--max-params", "1"), 1, "no encoder of the record meets"),
        (("--facts", "n_classes=2", "--language", "en"), 1, "eng"),
        (("--facts", "n_classes=2", "--figure", "front.exe"), 1, "is no picture"),
        (("--train", "absent.csv"), 1, "absent.csv"),
        (("--train", "TRAIN", "--measure", "tfidf"), 1, "no encoder spec"),
        (("--train", "TRAIN", "--measure", "tfidf:=org/smal"), 1, "org/small"),
        (("--train", "TRAIN", "--measure", "static:wordllama,tfidf:=wordllama"), 1, "both"),
        (("--train", "TRAIN", "--measure", "st:org/nowhere"), 1, ""),
        (("--train", "TRAIN", "--measure", "static:wordllama,"), 2, "empty"),
        (("--train", "ONE"), 1, "only"),
    ],
)
def test_what_cannot_be_used_is_said_in_two_lines(record, charz, task, arguments, code, said):
    one = table(task["train"].parent / "one.csv", [("a b", "x"), ("c d", "x")])
    told = {"TRAIN": task["train"], "ONE": one}
    result = charz("recommend", *(told.get(each, each) for each in arguments), *OWN)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    if code == 1:
        assert "remedy" in result.stderr


def test_one_encoder_that_fails_does_not_stop_the_others(record, rows, task):
    (found,) = rows("recommend", "--train", task["train"], "--measure",
                    "static:wordllama,st:org/nowhere", *OWN)  # fmt: skip
    assert [each["spec"] for each in found["measured"]] == ["static:wordllama"]
    assert any(note.startswith("st:org/nowhere left out") for note in found["notes"])


def test_hostile_names_and_texts_are_shown_safely(record, charz, tmp_path):
    rows = [(f"a {'good' if i % 2 else 'poor'} \x1b[31mthing\u202e {i}", f"c\u202e{i % 2}")
            for i in range(40)]  # fmt: skip
    file = table(tmp_path / "bad\u202ename.csv", rows)
    result = charz("recommend", "--train", file, *OWN, "--format", "table")
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_without_a_registry_the_record_that_ships_answers(charz, charz_home, task):
    result = charz("recommend", "--facts", "n_classes=2", "--top", "3", "--format", "json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert len(found["encoders"]) == 3
    assert "no registry yet" in result.stderr
    assert not charz_home.exists()


def test_an_empty_registry_has_no_record_and_nothing_to_plan(charz, tmp_path):
    done(charz("db", "upgrade"))
    own = charz("recommend", "--facts", "n_classes=2", *OWN)
    assert (own.exit_code, "has no record" in own.stderr) == (1, True)
    plan = charz("plan", "--budget", "1h")
    assert plan.exit_code == 1
    assert "no dataset with texts" in plan.stderr
    assert charz("recommend", "--facts", "n_classes=2", "--top", "1").exit_code == 0


# --- plan


def test_a_plan_fits_its_budget_and_is_the_same_again(record, rows):
    (whole,) = rows("plan", "--budget", "50 cells", *OWN)
    assert rows("plan", "--budget", "50 cells", *OWN) == [whole]
    cells = whole["cells"]
    assert {(each["task"], each["spec"]) for each in cells} <= {
        (task, spec) for task in ("news", "blogs") for spec in ("static:wordllama", "static:glove")
    }
    assert whole["after"] < whole["before"]
    assert [each["total"] for each in cells] == pytest.approx(
        [sum(row["seconds"] for row in cells[: n + 1]) for n in range(len(cells))]
    )
    (two,) = rows("plan", "--budget", "2 cells", *OWN)
    assert two["cells"] == cells[:2]
    seconds = cells[0]["seconds"] * 1.01
    (short,) = rows("plan", "--budget", f"{seconds:.3f}s", *OWN)
    assert short["cells"] == cells[:1]


def test_a_plan_for_one_task_may_name_any_encoder_that_can_be_had(record, rows):
    (found,) = rows("plan", "--task", "news", "--budget", "9", *OWN)
    assert found["goal"] == "best"
    names = [each["encoder"] for each in found["cells"]]
    assert len(set(names)) == len(names)
    assert "org/secret" not in names
    (small,) = rows("plan", "--task", "news", "--budget", "9", "--max-params", "90M", *OWN)
    assert {each["encoder"] for each in small["cells"]} <= {"org/small", "org/middle"}


def test_a_plan_for_a_file_does_not_measure_twice(record, rows, task):
    asked = ("plan", "--train", task["train"], "--budget", "9", "--for", "fill", *OWN)
    (before,) = rows(*asked)
    (after,) = rows(*asked, "--measure", LLAMA)
    assert "wordllama" not in {each["encoder"] for each in after["cells"]}
    assert after["before"] < before["before"]


def test_update_follows_the_plan_and_goes_on_where_it_was(record, rows, charz):
    count = ("query", "--sql", "SELECT count(*) AS n FROM result r JOIN probe p ON p.id = "
             "r.probe_id WHERE p.name = 'mteb' AND r.origin = 'measured'")  # fmt: skip
    (planned,) = rows("plan", "--budget", "99", *OWN)
    first = planned["cells"][0]
    done(charz("update", "--plan", *OWN, "--encoder", first["spec"], "--dataset", first["task"]))
    assert rows(*count) == [{"n": 10}]
    (left,) = rows("plan", "--budget", "99", *OWN)
    ran = (first["task"], first["encoder"])
    assert ran not in {(each["task"], each["encoder"]) for each in left["cells"]}
    done(charz("update", "--plan", *OWN))
    (n,) = rows(*count)
    assert n["n"] >= 10 + 10 * bool(left["cells"])
    (end,) = rows("plan", "--budget", "99", *OWN)
    assert end["cells"] == []
    assert not end["is_worth"]
    done(charz("update", "--plan", *OWN))
    assert rows(*count) == [n]


def test_wrong_budgets_and_tasks_are_refused(record, charz):
    assert charz("plan").exit_code == 2
    for budget in ("0", "1 parsec", "-3", "0s", "1e9h"):
        assert charz("plan", "--budget", budget).exit_code == 2, budget
    assert charz("plan", "--budget", "9", "--task", "nws").exit_code == 1
    assert charz("plan", "--budget", "9", "--measure", "tfidf:").exit_code == 2
    assert os.environ["HF_HUB_OFFLINE"] == "1"
