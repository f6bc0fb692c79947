"""The query step: a name or SQL, never both, and a catalogue of what there is."""

from __future__ import annotations

import pytest

from charz.errors import QueryError, UnknownNameError
from charz.steps import query
from charz.warehouse import queryfile
from tests import small_registry


def test_a_query_runs_by_name_with_its_parameters_as_text(store):
    small = small_registry.fill(store)
    found = query.run(store, "training_table", parameters={"probe": "centroid"})
    cells = small.cells.query("probe == 'centroid'")
    assert sorted(found["accuracy"]) == sorted(cells["accuracy"])


def test_sql_of_ones_own_sees_tables_and_queries_without_parameters(store):
    small = small_registry.fill(store)
    sql = "SELECT encoder, avg(accuracy) AS a FROM cell JOIN encoder e ON e.spec = encoder " \
          "WHERE n_train = $n GROUP BY encoder ORDER BY encoder"  # fmt: skip
    found = query.run(store, sql=sql, parameters={"n": 64}).set_index("encoder")["a"]
    expected = small.cells.query("n_train == 64").groupby("encoder")["accuracy"].mean()
    assert found.to_dict() == pytest.approx(expected.to_dict())


@pytest.mark.parametrize(("name", "sql"), [(None, None), ("cell", "SELECT 1")])
def test_it_takes_a_name_or_sql(store, name, sql):
    with pytest.raises(QueryError, match="give one of them"):
        query.run(store, name, sql)


@pytest.mark.parametrize("name", ["leaderbord", "../pyproject", "checks/failure", "CELL", ""])
def test_an_unknown_name_is_refused(store, name):
    with pytest.raises(UnknownNameError, match="unknown query"):
        query.run(store, name)


def test_a_query_with_parameters_is_no_table(store):
    with pytest.raises(UnknownNameError, match="unknown table 'leaderboard'"):
        query.run(store, sql="FROM leaderboard")


def test_the_catalogue_lists_every_file():
    found = {entry["name"]: entry for entry in query.catalogue()}
    assert list(found) == queryfile.names()
    parameters = {parameter["name"]: parameter for parameter in found["leaderboard"]["parameters"]}
    assert parameters["n"]["type"] == "BIGINT"
    assert parameters["n"]["default"] == "NULL"
    assert found["cell"]["parameters"] == ()
    assert all(entry["question"] and entry["columns"] for entry in found.values())
