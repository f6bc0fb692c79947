"""Figures by typing commands: out of one registry, into another, and the ones that ship."""

import json

from charz.paths import PACKAGE


def test_figures_go_from_registry_to_registry(charz, rows, registry, tmp_path):
    done = rows("export", "figures", "--figures", "--registry", registry)
    assert [row["step"] for row in done] == ["export"]
    card = json.loads((tmp_path / "figures" / "card.json").read_text())
    there = ("import", "figures", "--registry", "other.db")
    (first,), (again,) = rows(*there), rows(*there)
    assert int(first["done"]) > card["rows"]["result"] > 0
    assert int(again["done"]) == 0
    origins = "SELECT DISTINCT origin FROM result"
    assert rows("query", "--sql", origins, "--registry", "other.db") == [{"origin": "reference"}]
    assert {row["pending"] for row in rows("status", "--registry", "other.db")} <= {"0", 0}


def test_the_reference_is_there_or_said_not_to_be(charz, tmp_path):
    said = charz("import", "reference", "--registry", "other.db")
    if (PACKAGE / "reference").exists():
        assert said.exit_code == 0
        return
    assert said.exit_code == 1
    assert "charz: error: this build ships no reference data" in said.stderr
    assert not (tmp_path / "other.db").exists()


def test_a_folder_of_that_name_is_reached_with_its_dot(charz, registry):
    assert charz("export", "reference", "--figures", "--registry", registry).exit_code == 0
    assert charz("import", "./reference", "--registry", "other.db").exit_code == 0


def test_options_that_do_not_go_together_are_wrong_usage(charz):
    for options in (["--figures", "--artifacts"], ["--figures", "--dataset", "x"],
                    ["--public", "a=b"]):  # fmt: skip
        assert charz("export", "figures", *options).exit_code == 2
