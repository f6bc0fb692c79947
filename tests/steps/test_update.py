from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from charz.errors import InputError, UnknownNameError
from charz.records import Silence
from charz.schema import TABLES
from charz.steps import _units, ingest, outcome, status, subset, update
from charz.steps._units import Unit
from tests import tiny


def small(store, tmp_path, names=("books", "films")):
    """One encoder, two datasets, few cells."""
    folders = tiny.datasets(tmp_path / "data")
    for name in names:
        ingest.dataset(store, str(folders[name]), **tiny.FACTS[name])
    ingest.encoder(store, "random:hash?dims=8")
    subset.protocol(store, sizes=[8, 16], n_seeds=1, probes=["logistic", "majority"])


def by_step(summaries):
    return {summary.step: summary for summary in summaries}


def test_a_second_update_does_nothing(store, tmp_path, sizes):
    small(store, tmp_path)
    first = by_step(update.run(store))
    assert {step: summary.done for step, summary in first.items()} == {
        "subset": 6, "embed": 4, "probe": 8, "characterize": 4, "fit": 1
    }  # fmt: skip
    before, made = sizes(store), tiny.contents(store)
    second = update.run(store)
    assert [summary.done + summary.failed + summary.left for summary in second] == [0] * 5
    assert (sizes(store), tiny.contents(store)) == (before, made)


def test_workers_change_nothing(finished, truth):
    for name in ("metamodel", "feature_value", "result", "embedding"):
        with finished.write() as writer:
            writer.execute(TABLES[name].delete())
    update.run(finished, workers=2)
    found = tiny.contents(finished)
    for table, rows in truth.items():
        assert found[table] == rows, table


def test_a_budget_leaves_work_that_the_next_update_does(finished, truth):
    for name in ("feature_value", "result"):
        with finished.write() as writer:
            writer.execute(TABLES[name].delete())
    spent = by_step(update.run(finished, budget=1e-6))
    assert spent["probe"].done == 0
    assert spent["probe"].left == len(truth["result"])
    assert "fit" not in spent
    done = by_step(update.run(finished, budget=3600))
    assert done["probe"].done == len(truth["result"])
    assert tiny.contents(finished) == truth
    with pytest.raises(InputError, match="budget"):
        update.run(finished, budget=0)


def test_what_failed_is_kept_retried_and_forgotten(store, tmp_path):
    """An encoder whose file is gone: the others go on, and it does once the file is back."""
    small(store, tmp_path)
    spec = tiny.array(tmp_path / "vectors.npz", tiny.datasets(tmp_path / "data"))
    ingest.encoder(store, spec)
    (tmp_path / "vectors.npz").rename(tmp_path / "away.npz")
    for attempt in (1, 2):
        embed = by_step(update.run(store))["embed"]
        assert embed.failed == 4
        assert spec in embed.notes[0]
        rows = status.failures(store)
        assert {row["n_attempts"] for row in rows} == {attempt}
        assert all("vectors.npz" in row["message"] for row in rows)
        assert store.count("result") == 8
    pending = {(row["step"], row["unit"]): row for row in status.run(store)}
    assert pending["embed", "embeddings"]["pending"] == 4
    assert pending["embed", "embeddings"]["failed"] == len(rows) == 2
    (tmp_path / "away.npz").rename(tmp_path / "vectors.npz")
    assert by_step(update.run(store))["probe"].done == 8
    assert status.failures(store) == []


def test_patterns_that_match_nothing_are_refused(finished):
    with pytest.raises(UnknownNameError, match="boks"):
        update.run(finished, datasets=["boks"])
    with pytest.raises(UnknownNameError, match="bert"):
        update.run(finished, encoders=["bert"])


def test_status_counts_what_is_there_and_what_is_not(store, tmp_path):
    small(store, tmp_path)

    def counts():
        rows = status.run(store)
        return {row["unit"]: (row["done"], row["pending"]) for row in rows}

    assert counts()["subsets"] == (0, 2)
    assert counts()["embeddings"] == (0, 4)
    assert counts()["results"] == (0, 0)
    subset.run(store)
    assert counts()["subsets"] == (6, 0)
    update.run(store)
    n_features = store.count("feature")
    assert counts()["results"] == (8, 0)
    assert counts()["feature values"] == (4 * n_features, 0)
    with store.write() as writer:
        writer.execute(TABLES["result"].delete())
        writer.execute(TABLES["feature"].delete().where(TABLES["feature"].c.name == "nothing"))
    assert counts()["results"] == (0, 8)


@given(n=st.integers(2, 400), first=st.integers(0, 10_000))
def test_runs_side_by_side_start_apart(n, first):
    """Consecutive runs begin more than a third of the circle from each other."""
    units = [Unit(str(i), i) for i in range(n)]
    starts = []
    for run_id in (first, first + 1):
        order = _units._rotated(units, run_id)
        assert sorted(order, key=lambda unit: unit.what) == units
        assert all((b.what - a.what) % n == 1 % n for a, b in pairwise(order))
        starts.append(order[0].what)
    apart = abs(starts[0] - starts[1])
    assert min(apart, n - apart) >= int(0.38 * n) - 1


def test_a_unit_that_raises_does_not_stop_the_others(store):
    done = []

    def work(store, what):
        if what == 1:
            raise ZeroDivisionError("of the unit")
        done.append(what)

    units = [Unit(f"unit {i}", i, size=10) for i in range(3)]
    summary = _units.run("probe", store, work, units, noun="cells", progress=Silence())
    assert sorted(done) == [0, 2]
    assert (summary.done, summary.failed, summary.left) == (20, 10, 0)
    assert "unit 1: ZeroDivisionError('of the unit')" in summary.notes
    (row,) = store.rows(sa.select(TABLES["failure"]))
    assert (row["unit"], row["message"]) == ("unit 1", "ZeroDivisionError('of the unit')")


def test_outcomes_settle_predictions(store):
    row = {
        "key": "abcdef", "metamodel_fingerprint": "f", "sample_fingerprint": "s",
        "metric": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "level": 0.9,
        "support": 1.0, "baselines": {}, "features": {}, "n_train": 8, "n_eval": 9,
    }  # fmt: skip
    store.put("prediction", [row, row | {"key": "abxyz"}])
    with pytest.raises(UnknownNameError, match="2 predictions"):
        outcome.record(store, "ab", 0.5)
    for unknown in ("", "zz", "a%"):
        with pytest.raises(UnknownNameError):
            outcome.record(store, unknown, 0.5)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="accuracy"):
            outcome.record(store, "abc", wrong)
    assert outcome.record(store, "abc", 0.75, 40)["covered"] is True
    assert outcome.record(store, "abc", 0.75)["key"] == "abcdef"
    assert outcome.record(store, "abx", 0.65)["covered"] is False
    with pytest.raises(InputError, match="has the outcome"):
        outcome.record(store, "abc", 0.76)
    assert store.count("outcome") == 2
