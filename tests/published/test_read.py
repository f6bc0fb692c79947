"""Public records as they are read: which lines are used, what is left out, what is known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from charz import paths
from charz.errors import InputError
from charz.published import read
from charz.published._groups import groups
from tests.small_record import LINES, TASKS, both, encoder, file, line, scores, tables, task

LAB = Path(os.environ.get("CHARZ_LAB", Path(__file__).parents[3] / "shared")) / "mteb"


def reasons(reading):
    return {reason: dict(names) for reason, names in reading.skipped.reasons.items()}


def test_tables_give_lines_tasks_and_encoders(tmp_path):
    found = read(tables(tmp_path))
    assert found.lines["model"].tolist() == ["org/a", "org/b"]
    assert found.lines["dataset"].unique().tolist() == ["mteb/Moods"]
    np.testing.assert_allclose(found.lines["draws"][0], [0.5, 0.6, 0.7], atol=1e-7)
    moods = found.tasks["mteb/Moods"]
    assert (moods.train_counts, moods.eval_counts, moods.draw_counts) == ([20, 5], [6, 4], [8, 5])
    assert (moods.domains, moods.languages) == (["News", "Written"], ["eng-Latn"])
    assert found.skipped.total() == 0
    a, b = found.models["org/a"], found.models["org/b"]
    assert (a.n_parameters, a.n_dims, a.max_tokens, a.released) == (
        118_000_000,
        384,
        512,
        "2024-02-08",
    )
    assert (a.is_open, a.saw, b.lineage) == (True, ["NQ"], a.lineage)


def test_the_files_of_the_repository_give_what_the_tables_give(tmp_path):
    file(tmp_path)
    file(tmp_path, "org/b", scores={"test": [scores(0.9, (0.8, 0.9, 1.0))]})
    meta = tmp_path / "results" / "org__a" / "r1" / "model_meta.json"
    meta.write_text(json.dumps({"name": "org/a", "embed_dim": 384, "license": "mit"}))
    known = tables(tmp_path / "known")
    (known / "encoders.parquet").unlink()
    found, expected = read(tmp_path, known), read(tables(tmp_path / "tables"))
    for column in ("model", "dataset", "revision", "accuracy", "version"):
        assert found.lines[column].tolist() == expected.lines[column].tolist()
    assert np.array_equal(np.stack(found.lines["draws"]), np.stack(expected.lines["draws"]))
    assert (found.models["org/a"].n_dims, found.models["org/b"].n_dims) == (384, None)


def test_files_of_the_first_program_are_read_for_their_means(tmp_path):
    old = {"mteb_dataset_name": "Moods", "mteb_version": "1.0.3.dev0", "dataset_revision": "abc"}
    file(tmp_path, content=json.dumps(old | {"test": {"accuracy": 0.25, "f1": 0.2}}))
    several = {"test": {"de": {"accuracy": 0.5}, "en": {"accuracy": 0.75}, "evaluation_time": 3}}
    file(tmp_path, name="Talk", content=json.dumps(old | several))
    tasks = [*TASKS, *both("Talk", "de"), *both("Talk", "en")]
    found = read(tmp_path, tables(tmp_path / "known", tasks=tasks)).lines
    assert found.set_index("dataset")["accuracy"].to_dict() == {
        "mteb/Moods": 0.25, "mteb/Talk/de": 0.5, "mteb/Talk/en": 0.75,
    }  # fmt: skip
    assert [len(draws) for draws in found["draws"]] == [0, 0, 0]


@pytest.mark.parametrize(("content", "reason"), [
    ("{", "a file that is no JSON"),
    ("[]", "a file that is no JSON object"),
    ("{}", "a file without scores"),
    ("[" * 100_000, "a file that is no JSON"),
    ('{"scores": {"test": [{"accuracy": 1.5}]}}', "a score that is no share"),
    ('{"scores": {"test": [{"accuracy": NaN}]}}', "a score that is no share"),
    ('{"scores": {"test": [{"accuracy": "high"}]}}', "a score that is no share"),
    ('{"scores": {"test": [{"accuracy": 0.5, "scores_per_experiment": [{"accuracy": -1}]}]}}',
     "a score that is no share"),
    ('{"scores": {"test": [{"accuracy": 0.5, "hf_subset": "' + "../x" + '"}]}}',
     "a task or language that is not known"),
    ('{"scores": {"train": [{"accuracy": 0.5}]}}', "another split than the one judged"),
])  # fmt: skip
def test_a_bad_file_is_left_out_by_name_and_the_others_are_read(tmp_path, content, reason):
    file(tmp_path, "org/good")
    file(tmp_path, "org/bad", content=content)
    found = read(tmp_path, tables(tmp_path / "known"))
    assert found.lines["model"].tolist() == ["org/good"]
    assert list(reasons(found)) == [reason]
    assert found.skipped.total() == 1


def test_a_file_too_large_and_one_that_points_elsewhere_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("charz.published._files.MOST_BYTES", 2000)
    large = file(tmp_path, "org/large", content=" " * 2001)
    place = tmp_path / "results" / "org__link" / "r"
    place.mkdir(parents=True)
    (place / "Moods.json").symlink_to(large)
    file(tmp_path, "org/good")
    assert reasons(read(tmp_path, tables(tmp_path / "known"))) == {
        "a file too large for results": {"org/large Moods": 1},
        "no plain file": {"org/link Moods": 1},
    }


def test_each_line_that_is_left_out_is_counted_under_its_reason(tmp_path):
    lines = [
        *LINES,
        line(name="Pictures"),
        line(subset="xx"),
        line(split="validation"),
        line("baseline/Human"),
        line("odd\x1b[31m/name"),
        line("org/c", accuracy=1.01),
        line("org/d", accuracy=None, accuracy_per_experiment=[]),
        line("org/e", accuracy_per_experiment=[0.5, float("nan"), 0.7]),
        line("org/f", accuracy=0.9),
        line("org/g", accuracy_per_experiment=[0.6] * 4),
        line("org/h", accuracy=None),
        line("org/i", f1_per_experiment=[]),
    ]
    tasks = [*TASKS, *both("Neighbours", classifier="KNeighborsClassifier()"), task("Lone")]
    found = read(tables(tmp_path, lines, tasks))
    assert found.lines["model"].tolist() == ["org/a", "org/b", "org/h", "org/i"]
    assert found.lines["accuracy"][2] == pytest.approx(0.6)
    assert np.isnan(found.lines["f1_draws"][3]).all()
    assert reasons(found) == {
        "a task with another classifier": {"mteb/Neighbours": 1},
        "a task whose training split was not counted": {"mteb/Lone": 1},
        "no known task of text classification": {"Pictures": 1},
        "a task or language that is not known": {"mteb/Moods/xx": 1},
        "another split than the one judged": {"mteb/Moods": 1},
        "people, no encoder": {"baseline/Human": 1},
        "a name that no encoder can have": {"odd\\x1b[31m/name": 1},
        "a score that is no share": {"org/c": 1, "org/d": 1, "org/e": 1},
        "more draws than the task has": {"org/g": 1},
        "a mean that is not that of its draws": {"org/f": 1},
    }


@pytest.mark.parametrize(("better", "worse"), [
    ({"revision": "a"}, {"revision": "b", "mteb_version": "2.0.0",
                         "accuracy_per_experiment": [], "f1_per_experiment": []}),
    ({"revision": "a", "mteb_version": "1.12.0"}, {"revision": "b", "mteb_version": "1.9.9"}),
    ({"revision": "a", "mteb_version": "1.0.0-2.18.7"}, {"revision": "b", "mteb_version": None}),
    ({"revision": "a"}, {"revision": "b", "accuracy_per_experiment": [0.6, 0.6],
                         "f1_per_experiment": [0.5, 0.5]}),
    ({"revision": "b"}, {"revision": "a"}),
])  # fmt: skip
def test_of_several_lines_the_best_is_used(tmp_path, better, worse):
    for lines in ([line(**better), line(**worse)], [line(**worse), line(**better)]):
        found = read(tables(tmp_path, lines))
        assert found.lines["revision"].tolist() == [better["revision"]]
        assert reasons(found) == {"a better line of the same encoder and task": {"org/a": 1}}


def test_a_task_is_judged_on_its_test_split_or_the_next_there_is(tmp_path):
    tasks = [
        *both("Moods"), task("Moods", split="validation"),
        task("Held", split="train"), task("Held", split="validation"),
        task("Alone", split="train"),
        *both("Talk", "default"), *both("Talk", "en"),
    ]  # fmt: skip
    lines = [
        line(), line(name="Held", split="validation"), line(name="Alone", split="train"),
        line(name="Talk", subset="en"),
    ]  # fmt: skip
    found = read(tables(tmp_path, lines, tasks))
    assert {name: each.split for name, each in found.tasks.items()} == {
        "mteb/Alone": "train", "mteb/Held": "validation", "mteb/Moods": "test",
        "mteb/Talk/en": "test",
    }  # fmt: skip
    assert found.tasks["mteb/Alone"].on_train
    assert not reasons(found)


def test_languages_versions_translations_and_one_dataset_are_one_group():
    names = [
        ("BankClassification", "p1", "BankClassification.v2"),
        ("BankClassification.v2", "p2", None),
        ("BankVNClassification", "p3", None), ("HUMEBankClassification", "p4", None),
        ("Other", "p2", None), ("PAC", "aggregate tasks do not have a path", None),
        ("XYZ", "aggregate tasks do not have a path", float("nan")),
        ("Old", "p8", "Renamed.v3"), ("Renamed.v3", "p9", None),
        ("MassiveIntentClassification", "p5", None), ("MassiveScenarioClassification", "p6", None),
    ]  # fmt: skip
    found = groups({"task": t, "path": p, "superseded_by": s} for t, p, s in names)
    assert len({found[name] for name, _, _ in names[:5]}) == 1
    assert found["Old"] == found["Renamed.v3"]
    assert found["MassiveIntentClassification"] == found["MassiveScenarioClassification"]
    assert len(set(found.values())) == 5


def test_lineage_is_the_root_and_a_circle_ends(tmp_path):
    encoders = [
        encoder("org/a", adapted_from="https://huggingface.co/org/Base"),
        encoder("org/b", adapted_from='["org/a", "org/z"]'),
        encoder("org/c", adapted_from="org/d"), encoder("org/d", adapted_from="org/c"),
        encoder("org/e", adapted_from="sentence-transformers/all-MiniLM-L6-v2"),
    ]  # fmt: skip
    lines = [line(f"org/{name}") for name in "abcde"]
    models = read(tables(tmp_path, lines, encoders=encoders)).models
    assert models["org/a"].lineage == models["org/b"].lineage == "base"
    assert {models["org/c"].lineage, models["org/d"].lineage} == {"c", "d"}
    assert models["org/e"].lineage == "minilm-l12-h384-uncased"


def test_odd_facts_say_nothing(tmp_path):
    odd = encoder(
        n_parameters="many", max_tokens="inf", embed_dim="[64, 128]", release_date="soon",
        license="not specified", open_weights=None, languages="[1, 2", training_datasets="{}",
        adapted_from=float("nan"), revision="",
    )  # fmt: skip
    model = read(tables(tmp_path, [line()], encoders=[odd])).models["org/a"]
    assert (model.n_parameters, model.max_tokens, model.n_dims, model.released) == (
        None,
        None,
        128,
        None,
    )
    assert (model.license, model.is_open, model.languages, model.saw) == (None, None, [], [])


def test_what_is_no_record_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no tasks\.parquet"):
        read(tmp_path)
    known = tables(tmp_path / "known")
    with pytest.raises(InputError, match="holds no results of MTEB"):
        read(tmp_path / "nowhere", known)
    (known / "results.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(InputError, match="no readable Parquet file"):
        read(known)
    tables(tmp_path / "other", lines=[{"model": "org/a"}])
    with pytest.raises(InputError, match="has no column 'revision'"):
        read(tmp_path / "other")
    tables(tmp_path / "third", lines=[line(accuracy="high")])
    with pytest.raises(InputError, match="no numbers"):
        read(tmp_path / "third")


@pytest.mark.skipif(not (LAB / "sample").is_dir(), reason=f"there is no record at {LAB}")
def test_the_published_files_say_what_the_published_tables_say():
    files, whole = read(LAB / "sample", LAB), read(LAB)
    assert len(files.lines) > 200
    assert sum(len(draws) == 10 for draws in files.lines["draws"]) > 200
    keys = ["model", "dataset"]
    both_say = files.lines.merge(whole.lines, on=keys, suffixes=("", "_table"))
    assert len(both_say) > 0.95 * len(files.lines)
    same = both_say[both_say["revision"] == both_say["revision_table"]]
    assert len(same) > 200
    np.testing.assert_allclose(same["accuracy"], same["accuracy_table"], atol=1e-5)
    assert "no known task of text classification" in files.skipped.reasons


def test_the_record_that_ships_can_be_used_whole():
    place = paths.PACKAGE / "reference" / "mteb"
    if not (place / "results.parquet").exists():
        pytest.skip("this build ships no record")
    found = read(place)
    assert not set(reasons(found)) - {"a task with another classifier"}
    assert len(found.lines) > 40_000
    assert sum(file.stat().st_size for file in place.iterdir()) < 6e6
