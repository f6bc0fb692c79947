"""Every query file gives exactly what its header says, and the docs list every file."""

from __future__ import annotations

from pathlib import Path

import pytest

from charz import store as stores
from charz.warehouse import Warehouse, queryfile
from charz.warehouse._select import only_select

NAMES = queryfile.names() + queryfile.names("checks")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "queries.md"


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    url = str(tmp_path_factory.mktemp("empty") / "charz.db")
    with stores.open(url, create=True) as store, Warehouse(store) as warehouse:
        yield warehouse


@pytest.mark.parametrize("name", NAMES)
def test_the_header_declares_the_columns(empty, name):
    header = queryfile.header(name)
    declared = {c.name: c.type for c in header.columns if not c.name.endswith("*")}
    assert header.question.partition(" ")[2]
    assert list(empty.describe(queryfile.read(name)).items()) == list(declared.items())
    assert empty.run(queryfile.read(name)).empty


@pytest.mark.parametrize("name", NAMES)
def test_the_header_declares_the_parameters_and_says_what_each_thing_is(name):
    header = queryfile.header(name)
    used = only_select(queryfile.read(name)).named_parameters
    assert {parameter.name for parameter in header.parameters} == used
    assert all(entry.description for entry in (*header.parameters, *header.columns))


@pytest.mark.parametrize("name", NAMES)
def test_columns_hold_what_was_declared_on_a_filled_registry(warehouse, name):
    declared = {c.name: c.type for c in queryfile.header(name).columns}
    found = warehouse.describe(queryfile.read(name))
    for column, sql_type in found.items():
        stem = next((d for d in declared if d.endswith("*") and column.startswith(d[:-1])), column)
        assert declared[stem] == sql_type


def test_the_docs_list_every_file_with_its_question():
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    for name in NAMES:
        question = queryfile.header(name).question
        assert f"| `{name}` | {question} |" in lines
    assert len([line for line in lines if line.startswith("| `")]) == len(NAMES)
