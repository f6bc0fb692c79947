"""``charz compare``, ``coverage`` and ``label`` keep their answers where there is a registry."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import table, texts

ENCODER = "tfidf:?dims=16"


@pytest.fixture
def known(tmp_path):
    return table(tmp_path / "known.csv", texts(60, 9))


@pytest.mark.parametrize(
    ("command", "more", "said"),
    [
        ("compare", ["--probe", "logistic", "--probe", "ridge"], {"difference", "n_needed"}),
        ("coverage", [], {"regions", "radius", "shift"}),
        ("label", ["--budget", "3"], {"suggestions", "strategy"}),
    ],
)
def test_an_answer_is_kept_once_and_found_again(charz, task, known, tmp_path, command, more, said):
    registry = f"sqlite:///{tmp_path / 'team.db'}"
    assert charz("ingest", "encoder", ENCODER, "--registry", registry).exit_code == 0
    files = {
        "compare": ("--train", task["train"], "--eval", known),
        "coverage": ("--train", task["train"], "--eval", known),
        "label": ("--pool", known),
    }[command]
    given = (command, "--encoder", ENCODER, *files, *more)
    alone = charz(*given)
    for _ in range(2):
        result = charz(*given, "--registry", registry)
        assert result.exit_code == 0, result.output
        assert f"{command}: kept under" in result.stderr
        assert result.stdout == alone.stdout
    found = charz("query", "answer", "--registry", registry, "--format", "json")
    (row,) = json.loads(found.stdout)
    assert (row["command"], row["encoders"]) == (command, ENCODER)
    assert set(json.loads(row["said"])) >= said
    runs = charz("query", "run_history", "--registry", registry, "--format", "json")
    assert [run["command"] for run in json.loads(runs.stdout)].count(command) == 2
