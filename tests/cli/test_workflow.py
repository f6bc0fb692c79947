"""From files to a settled prediction, by typing commands."""

import csv
import io
import json
import os
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from charz.paths import PACKAGE

COUNTED = (
    "encoder",
    "dataset",
    "split",
    "embedding",
    "subset",
    "result",
    "feature_value",
    "metamodel",
)


def count(registry):
    with closing(sqlite3.connect(registry)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name in COUNTED}  # fmt: skip


def test_everything_was_built_once(registry, rows):
    # 2 encoders x 2 datasets; per dataset 2 sizes x 2 seeds and one eval subset.
    counts = count(registry)
    assert counts["embedding"] == 2 * 2 * 2
    assert counts["subset"] == 2 * (2 * 2 + 1)
    assert counts["result"] == 2 * 2 * 2 * 2
    assert counts["metamodel"] == 1
    status = {(row["step"], row["unit"]): row for row in rows("status")}
    assert status["probe", "results"]["done"] == 16
    assert all(row["pending"] == row["failed"] == 0 for row in status.values())


def test_update_does_what_is_lacking_and_then_nothing(registry, rows):
    steps = ["subset", "embed", "probe", "characterize", "fit"]
    first = rows("update")
    assert [(row["step"], row["done"]) for row in first] == [
        (step, step == "fit") for step in steps
    ]
    before = count(registry)
    assert before["metamodel"] == 2  # the fixture's ridge, and now the default
    again = rows("update")
    assert [row["step"] for row in again] == steps
    assert all(row["done"] == row["failed"] == row["left"] == 0 for row in again)
    assert count(registry) == before


def test_a_new_encoder_costs_only_its_own_cells(registry, rows):
    before = count(registry)["result"]
    (new,) = rows("ingest", "encoder", "random:hash?dims=8")
    assert new == new | {"spec": "random:hash?dims=8", "n_dims": 8, "new": True}
    assert rows("ingest", "encoder", "random:hash?dims=8")[0]["new"] is False
    assert rows("subset")[0]["done"] == 0
    assert rows("embed")[0]["done"] == 4
    assert rows("probe")[0]["done"] == count(registry)["result"] - before == 8
    assert rows("probe")[0]["done"] == 0


def test_filters_choose_units(registry, rows):
    rows("ingest", "encoder", "random:hash?dims=8", "random:hash?dims=4")
    (row,) = rows("embed", "--encoder", "*dims=8", "--dataset", "news")
    assert (row["done"], row["step"]) == (2, "embed")


def test_a_protocol_is_extended_by_what_was_asked_and_no_more(registry, rows):
    (row,) = rows("subset", "--sizes", "4")
    assert row["done"] > 0
    assert rows("query", "--sql", "SELECT sampler, sizes, n_seeds FROM protocol") == [
        {"sampler": "random", "sizes": "[4, 8, 16]", "n_seeds": 2}
    ]
    assert rows("query", "--sql", "SELECT name FROM probe") == [{"name": "logistic"}]


def test_a_spent_budget_leaves_work_and_says_so(registry, charz):
    charz("ingest", "encoder", *(f"random:hash?dims={n}" for n in range(2, 8)))
    result = charz("update", "--budget", "0.000001s", "--format", "json")
    assert result.exit_code == 0
    embed = next(row for row in json.loads(result.stdout) if row["step"] == "embed")
    assert embed["left"] > 0
    assert "run it again to go on" in result.stderr


def test_fit_prints_its_report_and_talks_elsewhere(registry, charz):
    result = charz("fit", "--model", "constant", "--format", "csv")
    assert result.exit_code == 0
    report = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(report) > 0
    assert "charz: fit" in result.stderr


def test_predict_then_outcome(registry, task, rows):
    paths = ("--train", task["train"], "--eval", task["eval"])
    now, later = rows("predict", "--encoder", "random:hash?dims=16", *paths, "--at", "200")
    for forecast in (now, later):
        assert 0 <= forecast["low"] <= forecast["value"] <= forecast["high"] <= 1
        assert forecast["level"] == 0.9
        assert {"constant", "cv"} <= forecast["baselines"].keys()
        # The registry's own has seen two groups, the one in the package many more.
        assert forecast["provenance"]["metamodel"] == "mixture"
        assert forecast["provenance"]["n_groups"] > 2
    assert (now["n_train"], now["n_eval"], now["at"], later["at"]) == (24, 40, None, 200)
    settled = rows("outcome", now["key"][:12], "--value", "0.75", "--n-eval", "40")
    assert settled[0]["key"] == now["key"]
    assert settled[0]["predicted"] == now["value"]
    assert settled[0]["covered"] == (now["low"] <= 0.75 <= now["high"])


def test_predict_can_be_told_the_domain(registry, task, rows):
    asked = ("predict", "--encoder", "random:hash?dims=16")
    asked += ("--train", task["train"], "--eval", task["eval"])
    (plain,) = rows(*asked)
    found = {name: rows(*asked, "--domain", name)[0] for name in ("unknown", "same", "other")}
    assert found["unknown"] == plain
    assert len({each["key"] for each in found.values()}) == 3
    assert [each["provenance"]["domain"] for each in found.values()] == list(found)


def test_predictions_in_csv_have_flat_columns_and_every_digit(registry, task, charz):
    arguments = (
        "predict",
        "--encoder",
        "tfidf:?dims=16",
        "--train",
        task["train"],
        "--eval",
        task["eval"],
    )
    nested = json.loads(charz(*arguments, "--format", "json").stdout)[0]
    flat = next(csv.DictReader(io.StringIO(charz(*arguments, "--format", "csv").stdout)))
    assert flat["key"] == nested["key"]
    assert float(flat["value"]) == nested["value"]
    assert float(flat["baseline_cv"]) == nested["baselines"]["cv"]
    assert flat["at"] == ""


def test_files_with_their_own_column_names(registry, task, tmp_path, rows):
    for name, path in task.items():
        frame = pd.read_csv(path).rename(columns={"text": "review", "label": "stars"})
        frame.to_json(tmp_path / f"{name}.jsonl", orient="records", lines=True)
    files = ("--train", tmp_path / "train.jsonl", "--eval", tmp_path / "eval.jsonl")
    columns = ("--text-column", "review", "--label-column", "stars")
    asked = ("predict", "--encoder", "random:hash?dims=16")
    (renamed,) = rows(*asked, *files, *columns)
    (plain,) = rows(*asked, "--train", task["train"], "--eval", task["eval"])
    assert renamed["key"] == plain["key"]


def test_dataset_options_reach_the_registry(rows, tmp_path, task):
    facts = {"name": "mine", "group": "ours", "label-family": "topic", "language": "en",
             "license": "CC0", "task": "topic"}  # fmt: skip
    flags = [part for key, value in facts.items() for part in (f"--{key}", value)]
    (row,) = rows("ingest", "dataset", task["train"], *flags, "--test-share", "0.25", "--seed", "3")
    assert (row["name"], row["group"], row["n_train"], row["n_test"]) == ("mine", "ours", 18, 6)
    (kept,) = rows("query", "--sql", "SELECT * FROM dataset")
    assert [kept[name] for name in ("label_family", "language", "license", "task")] == [
        "topic", "en", "CC0", "topic"
    ]  # fmt: skip


def test_what_came_before_an_error_is_kept_and_shown(charz, task):
    result = charz("ingest", "dataset", task["train"], "missing.csv", "--format", "json")
    assert result.exit_code == 1
    assert [row["name"] for row in json.loads(result.stdout)] == ["train"]
    assert "missing.csv" in result.stderr


def test_query_formats_agree(registry, charz, tmp_path):
    asked = (
        "query",
        "--sql",
        "SELECT spec, n_dims, NULL AS none FROM encoder WHERE n_dims > $n",
        "-p",
        "n=1",
    )
    expected = [{"spec": "random:hash?dims=16", "n_dims": 16, "none": None}]
    assert json.loads(charz(*asked, "--format", "json").stdout) == expected
    assert json.loads(charz(*asked, "--format", "ndjson").stdout) == expected[0]
    assert charz(*asked).stdout == "spec,n_dims,none\nrandom:hash?dims=16,16,\n"
    for name in ("out.csv", "out.json", "out.parquet", "out.ndjson"):
        result = charz(*asked, "--output", name)
        assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "out.csv").read_text() == charz(*asked).stdout
    assert json.loads((tmp_path / "out.json").read_text()) == expected
    assert pd.read_parquet(tmp_path / "out.parquet")["spec"].tolist() == ["random:hash?dims=16"]
    assert not list(tmp_path.glob("*.part"))


def test_query_alone_lists_the_queries(charz):
    result = charz("query", "--format", "json")  # needs no registry
    listed = {row["name"]: row for row in json.loads(result.stdout)}
    assert listed["training_table"]["question"]
    assert charz("query").stdout.startswith("name,question,parameters\n")


def test_a_shipped_query_with_a_parameter(registry, rows):
    found = rows("query", "training_table", "-p", "probe=logistic")
    assert len(found) == 16
    assert rows("query", "training_table", "-p", "probe=ridge") == []


def test_a_sound_registry_passes_every_check(registry, rows):
    found = rows("check", "--artifacts")
    assert len(found) > 5
    assert {row["rows"] for row in found} == {0}


def test_a_check_that_finds_rows_ends_with_3(registry, charz):
    with closing(sqlite3.connect(registry)) as connection, connection:
        connection.execute("DELETE FROM embedding")
    result = charz("check", "--format", "json")
    assert result.exit_code == 3
    found = {row["check"]: row for row in json.loads(result.stdout)}
    assert found["results_without_embeddings"]["rows"] > 0
    assert found["results_without_embeddings"]["example"]
    assert "charz: error: " in result.stderr
    assert "charz: remedy: " in result.stderr


def test_a_missing_artifact_is_found(registry, charz):
    lost = max(registry.with_suffix(".artifacts").rglob("*.npy"))
    lost.unlink()
    result = charz("check", "--format", "json")
    assert result.exit_code == 3
    bad = [row for row in json.loads(result.stdout) if row["rows"]]
    assert [row["check"] for row in bad] == ["artifacts"]
    assert lost.stem in bad[0]["example"]


def test_export_and_import_carry_everything(registry, rows, charz, tmp_path):
    (packed,) = rows("export", "out", "--artifacts")
    there = ("--registry", tmp_path / "other.db")
    (loaded,) = rows("import", "out", *there)
    assert loaded["done"] > 0
    assert packed["failed"] == loaded["failed"] == 0
    assert count(tmp_path / "other.db") == count(registry)
    assert rows("import", "out", *there)[0]["done"] == 0
    assert charz("check", "--artifacts", *there).exit_code == 0
    for step in ("embed", "probe", "characterize"):
        assert rows(step, *there)[0]["done"] == 0


def test_export_a_part(registry, rows, tmp_path):
    rows("export", "part", "--dataset", "news", "--encoder", "tfidf:*")
    there = ("--registry", tmp_path / "part.db")
    rows("import", "part", *there)
    counts = count(tmp_path / "part.db")
    assert (counts["dataset"], counts["encoder"], counts["result"]) == (1, 1, 4)


def test_db_makes_and_locates_the_registry(charz, charz_home, rows):
    assert charz("db", "current").exit_code == 1
    made = rows("db", "upgrade")
    assert made == rows("db", "current") == rows("db", "upgrade")
    assert made[0]["registry"] == str(charz_home / "charz.db")
    assert made[0]["schema"] == made[0]["newest"]


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("embed",), ("subset",), ("probe",), ("characterize",), ("fit",), ("update",),
     ("query", "--sql", "SELECT 1"), ("query", "training_table"), ("db", "current"),
     ("outcome", "abc", "--value", "1"), ("check",), ("export", "out")],
    ids=" ".join,
)  # fmt: skip
def test_only_commands_that_begin_a_registry_make_one(charz, charz_home, tmp_path, arguments):
    result = charz(*arguments)
    assert result.exit_code == 1
    assert "there is no registry at" in result.stderr
    assert "charz db upgrade" in result.stderr
    assert result.stdout == ""
    assert not charz_home.exists()
    assert os.listdir(tmp_path) == []


def test_the_registry_comes_from_option_environment_or_home(charz, rows, tmp_path, monkeypatch):
    rows("ingest", "encoder", "random:hash?dims=2")
    monkeypatch.setenv("CHARZ_REGISTRY", str(tmp_path / "second.db"))
    rows("ingest", "encoder", "random:hash?dims=3", "random:hash?dims=4")
    asked = ("query", "--sql", "SELECT n_dims FROM encoder")
    assert len(rows(*asked)) == 2
    rows("ingest", "encoder", "tfidf:", "--registry", tmp_path / "third.db")
    assert [row["n_dims"] for row in rows(*asked, "--registry", tmp_path / "third.db")] == [None]
    monkeypatch.delenv("CHARZ_REGISTRY")
    assert [row["n_dims"] for row in rows(*asked)] == [2]


def test_postgresql_by_its_url(postgres_url, rows, task):
    there = ("--registry", postgres_url)
    (made,) = rows("db", "upgrade", *there)
    assert made["schema"] == made["newest"]
    rows("ingest", "dataset", task["train"], *there)
    rows("ingest", "encoder", "random:hash?dims=4", *there)
    assert rows("embed", *there)[0]["done"] == 2
    assert rows("query", "--sql", "SELECT name FROM dataset", *there) == [{"name": "train"}]


def test_predict_without_a_registry_keeps_nothing(charz, charz_home, task):
    if not (PACKAGE / "metamodels" / "shipped" / "accuracy.npz").is_file():
        pytest.skip("this charz ships no metamodel")
    paths = ("--train", task["train"], "--eval", task["eval"])
    result = charz("predict", "--encoder", "random:hash?dims=8", *paths, "--format", "json")
    assert result.exit_code == 0
    (forecast,) = json.loads(result.stdout)
    assert forecast["key"] is None
    assert "keeping nothing" in result.stderr
    files = [path for path in charz_home.rglob("*") if path.is_file()]
    # Vectors of the texts are there for the next call, and neither a registry nor anything else.
    chunks = charz_home / "artifacts" / "chunks"
    assert all(path.is_relative_to(chunks) for path in files)


def test_each_command_leaves_a_run_without_secrets(registry, rows):
    runs = rows("query", "--sql", "SELECT command, status, arguments FROM run ORDER BY id")
    assert [run["command"] for run in runs] == [
        "ingest dataset", "ingest dataset", "ingest encoder", "subset", "embed", "probe",
        "characterize", "fit",
    ]  # fmt: skip
    assert {run["status"] for run in runs} == {"done"}
    assert json.loads(runs[-1]["arguments"]) == {"metric": "accuracy", "model": "ridge"}


def test_failed_units_are_told_and_listed(registry, charz, rows, tmp_path):
    texts = pd.DataFrame({"text": ["only this"], "embedding": [[1.0, 2.0]]})
    texts.to_parquet(tmp_path / "few.parquet")
    rows("ingest", "encoder", f"array:{tmp_path}/few.parquet")
    result = charz("embed", "--format", "json")
    assert result.exit_code == 1
    (row,) = json.loads(result.stdout)
    assert row["failed"] > 0
    assert "charz status --failures" in result.stderr
    failures = rows("status", "--failures")
    assert len(failures) > 0
    assert all("has no vector for" in failure["message"] for failure in failures)


def test_evaluate_prints_what_query_shows_again(registry, rows):
    printed = rows("evaluate", "--metric", "accuracy", "--item", "ridge", "--folds", "2")
    shown = rows("query", "evaluation")
    key = ("hold_out", "setting", "bucket", "method")
    figures = {tuple(row[name] for name in key): row["mae"] for row in printed}
    assert figures == {tuple(row[name] for name in key): row["mae"] for row in shown}
    assert {"groups", "lineages", "both"} == {row["hold_out"] for row in printed}
