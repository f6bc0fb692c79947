"""The warehouse: exact types, one moment, and queries that can reach nothing else."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime

import pandas as pd
import pytest
from sqlalchemy import make_url

from charz import store as stores
from charz.errors import QueryError, RegistryError, UnknownNameError
from charz.schema import TABLES
from charz.warehouse import Warehouse, queryfile
from charz.warehouse._mirror import type_of
from charz.warehouse._select import needs
from tests import small_registry

EVERYTHING = {table: f"SELECT * FROM {table}" for table in TABLES}


def schema(table):
    return {column.name: type_of(column) for column in TABLES[table].columns}


def test_empty_tables_have_their_types(store):
    with Warehouse(store) as warehouse:
        for table, sql in EVERYTHING.items():
            assert warehouse.describe(sql) == schema(table)
            assert warehouse.run(sql).empty


def test_every_row_arrives_with_its_values_and_types(store):
    small_registry.fill(store)
    with Warehouse(store) as warehouse:
        for table, sql in EVERYTHING.items():
            assert warehouse.describe(sql) == schema(table)
            assert len(warehouse.run(sql)) == store.count(table)
        columns = (
            "spec, n_parameters, seconds_per_1k_tokens, is_control, license, extra, created_at"
        )
        row = warehouse.run(f"SELECT {columns} FROM encoder WHERE id = 1").iloc[0]
        assert list(row)[:5] == ["st:alpha?layer=1", 1000, 0.6, False, "mit"]
        assert row["extra"] == "{}"
        assert row["created_at"] == datetime(2024, 5, 1, 12, 30)
        counts = warehouse.run("SELECT class_counts::BIGINT[] AS n FROM split WHERE id = 1")
        assert list(counts["n"][0]) == [60, 40]


@pytest.mark.parametrize("n_empty", [1, 3000])
def test_a_column_that_starts_with_many_nulls_keeps_its_type(store, n_empty):
    small_registry.fill(store)
    store.put("feature", [{"id": i, "name": f"f{i:04}", "item": "f", "kind": "feature"}
                          for i in range(10, 12 + n_empty)])  # fmt: skip
    sample = {"encoder_id": 1, "train_subset_id": 1, "eval_subset_id": 5, "run_id": None}
    values = [None] * n_empty + [0.25, 3.0]
    store.put("feature_value", [sample | {"feature_id": 10 + i, "value": value}
                                for i, value in enumerate(values)])  # fmt: skip
    with Warehouse(store) as warehouse:
        sql = "SELECT value FROM feature_value WHERE feature_id >= 10 ORDER BY feature_id"
        assert warehouse.describe(sql) == {"value": "DOUBLE"}
        found = warehouse.run(sql)["value"]
        assert found.isna().sum() == n_empty
        assert list(found.dropna()) == [0.25, 3.0]


def test_the_view_stays_at_the_moment_of_opening(store):
    with Warehouse(store) as warehouse:
        assert warehouse.run("SELECT count(*) AS n FROM probe")["n"][0] == 0
        store.put("probe", [{"id": 1, "spec": "ridge", "name": "ridge", "parameters": {}}])
        store.put("protocol_probe", [])
        assert warehouse.run("SELECT name FROM probe").empty  # another column of a table here
        assert warehouse.run("SELECT count(*) AS n FROM encoder")["n"][0] == 0  # a new table
    with Warehouse(store) as warehouse:
        assert list(warehouse.run("SELECT name FROM probe")["name"]) == ["ridge"]


def test_the_moment_is_that_of_opening_not_of_the_first_query(store):
    with Warehouse(store) as warehouse:
        store.put("probe", [{"id": 1, "spec": "ridge", "name": "ridge", "parameters": {}}])
        assert warehouse.run("FROM probe").empty


def test_a_server_that_went_away_is_named_without_its_password(postgres_url):
    gone = make_url(postgres_url).set(port=1, host="127.0.0.1", password="secret")
    with (
        stores.Store(gone.render_as_string(hide_password=False)) as store,
        pytest.raises(RegistryError, match="check the URL and server") as caught,
        Warehouse(store),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_any_temporary_folder_will_do(tmp_path, monkeypatch):
    odd = tmp_path / "it's 100% ?odd"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with stores.open(str(tmp_path / "charz.db"), create=True) as store:
        with Warehouse(store) as warehouse:
            assert warehouse.run("FROM probe").empty
            assert len(list(odd.iterdir())) == 1
        assert list(odd.iterdir()) == []


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.1)
try:
    connection.execute("INSERT INTO probe (spec, name, parameters) VALUES ('b', 'b', '{}')")
    connection.commit()
except sqlite3.OperationalError as error:
    print(error)
"""


def test_querying_does_not_drop_the_locks_of_a_writer(sqlite_url):
    """A second SQLite library on the live file would: another process could then write."""
    with stores.open(sqlite_url, create=True) as store, store.write() as writer:
        writer.put("probe", [{"spec": "a", "name": "a", "parameters": {}}])
        with Warehouse(store) as warehouse:
            assert warehouse.run("SELECT count(*) AS n FROM probe")["n"][0] == 0
        file = str(stores.sqlite_file(sqlite_url))
        other = subprocess.run(
            [sys.executable, "-c", WRITER, file], capture_output=True, text=True, check=True
        )
        assert "database is locked" in other.stdout
    with stores.open(sqlite_url) as store:
        assert store.count("probe") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "SELECT",
        "INSERT INTO probe VALUES (1)",
        "DELETE FROM probe",
        "CREATE TABLE t AS SELECT 1",
        "ATTACH '{file}' AS other",
        "COPY (SELECT 1) TO '{file}'",
        "EXPORT DATABASE '{file}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA version",
        "CALL pragma_version()",
        "EXPLAIN SELECT 1",
        "PIVOT feature ON name USING count(*)",
        "WITH x AS (INSERT INTO probe VALUES (9, 'a', 'a', '{{}}') RETURNING *) FROM x",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM glob('{file}')",
        "SELECT * FROM read_json('{file}')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT nonsense FROM probe",
    ],
)
def test_anything_but_one_select_over_the_tables_is_refused(tmp_path, sql):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with stores.open(str(tmp_path / "charz.db"), create=True) as store, Warehouse(store) as opened:
        with pytest.raises(QueryError) as caught:
            opened.run(sql.format(file=secret))
        assert caught.value.remedy
        assert opened.run("SELECT count(*) AS n FROM probe")["n"][0] == 0
    assert secret.read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize("sql", ["FROM results", "FROM '/etc/passwd'", "FROM rows", "FROM secret"])
def test_an_unknown_table_is_named(tmp_path, sql):
    secret = [1]  # Python's variables are no tables
    with (
        stores.open(str(tmp_path / "charz.db"), create=True) as store,
        Warehouse(store) as opened,
        pytest.raises(UnknownNameError, match="unknown table"),
    ):
        opened.run(sql)
    assert secret == [1]


def test_parameters_are_bound_never_formatted(tmp_path):
    sql = "-- parameter: name VARCHAR  any text\nSELECT $name AS given"
    hostile = "'; DROP TABLE probe; --"
    with stores.open(str(tmp_path / "charz.db"), create=True) as store, Warehouse(store) as opened:
        assert opened.run(sql, {"name": hostile})["given"][0] == hostile
        with pytest.raises(QueryError, match="missing parameter name"):
            opened.run(sql)
        with pytest.raises(QueryError, match="unknown parameter nam; the query takes name"):
            opened.run(sql, {"nam": "x", "name": "y"})


@pytest.mark.parametrize(
    ("sql_type", "text", "value"),
    [("BIGINT", "12", 12), ("DOUBLE", "0.5", 0.5), ("BOOLEAN", "true", True), ("VARCHAR", "7", "7"),
     ("TIMESTAMP", "2024-05-01", datetime(2024, 5, 1)), ("BIGINT", "NULL", None)],
)  # fmt: skip
def test_text_becomes_the_declared_type(sql_type, text, value):
    header = queryfile.parse(f"-- parameter: p {sql_type}  some")
    assert queryfile.bind(header, {"p"}, {"p": text}) == {"p": value}


@pytest.mark.parametrize(
    ("sql_type", "text"), [("BIGINT", "1.5"), ("DOUBLE", "a"), ("BOOLEAN", "2")]
)
def test_text_of_another_type_is_refused(sql_type, text):
    header = queryfile.parse(f"-- parameter: p {sql_type}  some")
    with pytest.raises(QueryError, match=f"the parameter p cannot be '{text}'; give a {sql_type}"):
        queryfile.bind(header, {"p"}, {"p": text})


def test_a_header_line_that_does_not_parse_is_an_error():
    with pytest.raises(QueryError, match="header line 'parameter: n INT'"):
        queryfile.parse("-- parameter: n INT\nSELECT $n")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM run",
        "SELECT run FROM run",
        "SELECT r FROM run AS r",
        "SELECT COLUMNS('.*') FROM run",
        "SELECT #1 FROM run",
        "SELECT r.* EXCLUDE (id) FROM run AS r",
        "SELECT count(*) FROM (FROM run)",
        "SELECT count(*) FROM (SELECT DISTINCT * FROM run)",
        "SELECT run.id FROM run NATURAL JOIN failure",
        "SUMMARIZE run",
        "FROM run PIVOT (count(*) FOR status IN ('done'))",
    ],
)
def test_a_query_that_takes_whole_rows_gets_every_column(tmp_path, sql):
    with stores.open(str(tmp_path / "charz.db"), create=True) as store, Warehouse(store) as opened:
        assert needs(opened._connection, sql).columns is None
        opened.run(sql)


def test_only_what_a_query_names_is_copied(tmp_path):
    sql = (
        "WITH a AS (SELECT id, host FROM run AS r) SELECT a.*, n_rows FROM a JOIN split USING (id)"
    )
    with stores.open(str(tmp_path / "charz.db"), create=True) as store, Warehouse(store) as opened:
        assert opened.describe(sql) == {"id": "BIGINT", "host": "VARCHAR", "n_rows": "BIGINT"}
        tables = opened.run("SELECT table_name FROM duckdb_tables() ORDER BY 1")["table_name"]
        assert list(tables) == ["run", "split"]
        copied = opened.run(
            "SELECT column_name AS n FROM duckdb_columns() WHERE table_name = 'run'"
        )
        assert sorted(copied["n"]) == ["host", "id"]


@pytest.fixture(scope="module")
def two_mirrors(tmp_path_factory):
    """Open two warehouses on one registry; the second has copied everything at once."""
    with ExitStack() as stack:
        url = str(tmp_path_factory.mktemp("mirrors") / "charz.db")
        store = stack.enter_context(stores.open(url, create=True))
        small_registry.fill(store)
        whole = stack.enter_context(Warehouse(store))
        for sql in EVERYTHING.values():
            whole.run(sql)
        yield stack.enter_context(Warehouse(store)), whole


@pytest.mark.parametrize("name", queryfile.names() + queryfile.names("checks"))
def test_copying_less_changes_no_answer(two_mirrors, name):
    spare, whole = (mirror.run(queryfile.read(name)) for mirror in two_mirrors)
    pd.testing.assert_frame_equal(spare, whole)


def test_failing_leaves_nothing_open(tmp_path):
    with stores.open(str(tmp_path / "charz.db"), create=True) as store, Warehouse(store) as opened:
        for _ in range(3):
            with pytest.raises(QueryError, match="the query fails"):
                opened.run("SELECT 1 / error('boom')::INT AS x FROM range(3)")
        assert opened.run("SELECT 1 AS x")["x"][0] == 1
