"""The documents say what is so: links lead somewhere, code runs, lists are whole."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from charz import shelf
from charz.cli import main
from charz.columns import Moment, Real
from charz.metamodels import _heldout
from charz.schema import TABLES, natural_key

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

every = pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in headings}


def rows(section: str) -> list[list[str]]:
    """Return the cells of a section's tables, without head and rule."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    rules = [number for number, row in enumerate(lines) if set(row) <= set("|-")]
    skipped = {*rules, *(number - 1 for number in rules)}
    return [row for number, row in enumerate(cells) if number not in skipped]


def sections(text: str) -> dict[str, str]:
    """Return the text under each second-level heading."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@every
def test_links_lead_somewhere(path: Path) -> None:
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target


@every
def test_commands_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    typed = "\n".join([*blocks(text, "console"), *blocks(text, "sh"), *blocks(text, "bash")])
    named = re.findall(r"^(?:\$ )?charz ([a-z]+)", typed, re.MULTILINE)
    named += re.findall(r"`charz ([a-z]+)", text)
    assert set(named) <= set(main.list_commands(click.Context(main)))


@every
def test_python_in_documents_runs(path: Path, tmp_path: Path, monkeypatch: Any) -> None:
    text = path.read_text(encoding="utf-8")
    told = [block for block in blocks(text, "python") if not block.startswith("# charz/")]
    assert all(block.startswith(">>> ") for block in told), "write it as a doctest"
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest("\n".join(told), {}, path.name, str(path), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0


TYPES = {Real: "real", Moment: "time", sa.Text: "text", sa.Integer: "integer",
         sa.Boolean: "boolean", sa.JSON: "json"}  # fmt: skip


def type_of(column: sa.Column[Any]) -> str:
    name = next(name for kind, name in TYPES.items() if isinstance(column.type, kind))
    return name + "?" * bool(column.nullable)


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    found = sections(read("docs/schema.md"))
    return {title.strip("`"): text for title, text in found.items() if title.startswith("`")}


def test_every_table_is_described_and_no_other(described: dict[str, str]) -> None:
    assert set(described) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_described_with_its_type(described: dict[str, str], name: str) -> None:
    told = [(column.strip("`"), kind) for column, kind, _ in rows(described[name])]
    assert told == [(column.name, type_of(column)) for column in TABLES[name].columns]
    assert all(meaning for *_, meaning in rows(described[name]))
    stated = re.findall(r"`(\w+)`", described[name].partition("Key:")[2].partition("\n")[0])
    assert stated == list(natural_key(TABLES[name]))


def test_the_diagram_shows_every_reference() -> None:
    (diagram,) = blocks(read("docs/schema.md"), "mermaid")
    told = re.findall(r"^    (\w+) (\S+) (\w+) : (\w+)$", diagram, re.MULTILINE)
    assert len(told) == len(diagram.strip().splitlines()) - 1
    expected = {
        (key.column.table.name, crow(key.parent), table.name, key.parent.name)
        for table in TABLES.values()
        for key in table.foreign_keys
        if key.parent.name != "run_id"
    }
    assert len(told) == len(set(told))
    assert set(told) == expected


def crow(column: sa.Column[Any]) -> str:
    """Return the crow's feet of a reference: who may be absent, who may be many."""
    alone = column.table.primary_key.columns.keys() == [column.name]
    return ("|o" if column.nullable else "||") + "--" + ("o|" if alone else "o{")


def test_the_glossary_gives_each_word_one_meaning() -> None:
    words = [word.strip("*") for word, _ in rows(read("docs/words.md"))]
    assert sorted(words) == sorted(set(words))
    tables = {name.replace("_", " ") for name in TABLES} - {"protocol probe"}
    assert tables | {name.removesuffix("s") for name in shelf.SHELVES} <= set(words)


def test_every_column_of_the_held_out_report_is_explained() -> None:
    features = pd.DataFrame({"n_train": 32, "n_eval": 100, "cv": np.linspace(0.5, 0.9, 12)})
    report = _heldout.report("constant", features, features["cv"], np.arange(12) % 3)
    section = sections(read("docs/science.md"))["The held-out report"]
    told = [column.strip("`") for column, _ in rows(section)]
    assert sorted(told) == sorted(report[0])


def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))["project"]


def required(lines: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in lines} - {"charz"}


def test_every_dependency_has_its_reason_and_no_other() -> None:
    told = {
        title.strip("`"): [canonicalize_name(name.strip("`")) for name, _ in rows(text)]
        for title, text in sections(read("docs/dependencies.md")).items()
    }
    expected = {"Always": required(project()["dependencies"])} | {
        extra: required(lines) for extra, lines in project()["optional-dependencies"].items()
    }
    assert {title: sorted(names) for title, names in told.items()} == {
        title: sorted(names) for title, names in expected.items()
    }


def test_tested_versions_are_ones_that_the_project_allows() -> None:
    lines = [line for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    tested = dict(line.split("==") for line in lines)
    extras = project()["optional-dependencies"].values()
    for line in [*project()["dependencies"], *(line for lines in extras for line in lines)]:
        requirement = Requirement(line)
        if requirement.name != "charz":
            assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)]), line


def test_the_checks_are_those_of_the_contributing_guide() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    checks = ["python -m pip install -e '.[test]'", "ruff check", "ruff format --check", "mypy",
              "python -m pytest"]  # fmt: skip
    assert run.read_text().splitlines()[-5:] == checks
    told = blocks(read("CONTRIBUTING.md"), "console")
    assert any(all(check in block for check in checks) for block in told)


FILE = re.compile(r"\A(?:#|--) ((?:charz|queries)/\w+(?:/\w+)?\.\w+)\n")
CONTRACTS = (
    "tests/features/test_contract.py", "tests/estimators/test_contract.py",
    "tests/probes/test_contract.py", "tests/samplers/test_contract.py",
    "tests/encoders/test_contract.py", "tests/sources/test_resolve.py",
    "tests/sources/test_catalogue.py", "tests/queries/test_headers.py",
    "tests/tasks/test_contract.py", "tests/completion/test_contract.py",
)  # fmt: skip
ADDED = ("norm_ratio", "halfway", "medians", "capped", "letters", "sqlite", "extra/rotten_tomatoes",
         "long_texts", "text_spread", "median_order")  # fmt: skip


together = pytest.mark.xdist_group("adding")  # one worker makes the copy, not each


def given_files() -> dict[str, str]:
    """Return the files that docs/adding.md shows, by path."""
    found = [body for _, body in BLOCK.findall(read("docs/adding.md"))]
    return {match[1]: body for body in found if (match := FILE.match(body))}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout and add to it what docs/adding.md shows."""
    copy = tmp_path_factory.mktemp("extended") / "charz"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "*.db*", "*.egg-info", "benchmarks")
    shutil.copytree(ROOT, copy, ignore=left_out)
    for name, body in given_files().items():
        path = copy / name
        path.write_text((path.read_text() if path.exists() else "") + body)
    contract = copy / "tests/encoders/test_contract.py"
    contract.write_text(contract.read_text().replace("EXAMPLES = [", 'EXAMPLES = ["letters:",', 1))
    return copy


def run(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def contracts(extended: Path) -> str:
    """Run the contracts on the added items and return pytest's report."""
    wanted = " or ".join(name.partition("/")[2] or name for name in ADDED)
    wanted += " or every_kind_has_an_example or one_group or unique_over"
    options = ("-n", "0", "-v", "-p", "no:cacheprovider", "-k", wanted)
    return run(extended, "-m", "pytest", *CONTRACTS, *options)


@together
@pytest.mark.parametrize("name", ADDED)
def test_an_added_thing_keeps_its_contract(contracts: str, name: str) -> None:
    passed = [line for line in contracts.splitlines() if name in line and "PASSED" in line]
    assert passed


@together
def test_what_is_added_passes_the_checks_of_the_project(extended: Path) -> None:
    python = [name for name in given_files() if name.endswith(".py")]
    assert len(python) == 8
    run(extended, "-m", "ruff", "check", "--no-cache", *python)
    run(extended, "-m", "ruff", "format", "--no-cache", "--check", *python)


@together
def test_an_added_source_reads_what_it_says(extended: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "reviews.db") as file:
        file.execute("CREATE TABLE examples (text, label)")
        lines = [(f"text {number}", "ab"[number % 2]) for number in range(20)]
        file.executemany("INSERT INTO examples VALUES (?, ?)", [*lines, (None, "a")])
    file.close()
    code = "from charz.sources import resolve; d = resolve(%r); print(len(d.train), d.skipped)"
    told = run(extended, "-c", code % f"sqlite:{tmp_path / 'reviews.db'}")
    assert told.strip() == "14 {'missing text': 1}"


def test_an_entry_point_offers_an_item(tmp_path: Path) -> None:
    (stated,) = [b for b in blocks(read("docs/adding.md"), "toml") if "entry-points" in b]
    (group, points), *_ = tomllib.loads(stated)["project"]["entry-points"].items()
    info = tmp_path / "norms-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: norms\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
    (tmp_path / "norm_ratio.py").write_text(given_files()["charz/features/norm_ratio.py"])
    code = """
from charz import shelf
from charz.sample import Sample
item = shelf.load("features", "norm_ratio")
print("norm_ratio" in shelf.names("features"), item.compute(Sample([[1.0]], [0], [[3.0]])))
"""
    assert run(tmp_path, "-c", code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") == "True 3.0\n"
