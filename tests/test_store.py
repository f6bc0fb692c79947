"""The store: every write whole or not at all, once, on both databases."""

from __future__ import annotations

import math
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import sqlalchemy as sa

from charz import store as stores
from charz.errors import InputError, RegistryError, StaleRegistryError
from charz.schema import TABLES, natural_key
from tests import processes

FEATURE = TABLES["feature"]


def feature(name: str, item: str = "item") -> dict[str, str]:
    return {"name": name, "item": item, "kind": "feature"}


def names(store: stores.Store) -> list[str]:
    return [row["name"] for row in store.rows(sa.select(FEATURE.c.name).order_by("name"))]


# --- opening


def test_nothing_is_made_unless_asked_for(registry_url, tmp_path):
    with pytest.raises(RegistryError, match=r"no registry .* 'charz db upgrade'"):
        stores.open(registry_url)
    assert stores.current(registry_url) is None
    assert not (tmp_path / "charz.db").exists()


def test_a_new_registry_is_at_the_head_and_empty(store):
    assert stores.current(store.url) == stores.head()
    assert {name: store.count(name) for name in TABLES} == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("revision", ["0000", "0"])
def test_an_older_registry_names_the_command_that_mends_it(store, revision):
    _set_revision(store, revision)
    with pytest.raises(StaleRegistryError, match="run 'charz db upgrade'"):
        stores.open(store.url)


@pytest.mark.parametrize("revision", ["9999", "a1b2c3"])
def test_a_newer_registry_asks_for_a_newer_charz(store, revision):
    _set_revision(store, revision)
    with pytest.raises(StaleRegistryError, match="install a newer charz"):
        stores.open(store.url)
    with pytest.raises(StaleRegistryError, match=f"{revision}, which this charz does not know"):
        stores.upgrade(store.url)


def _set_revision(store, revision):
    with store.engine.connect() as connection, connection.begin():
        changed = connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize("statement", [
    "CREATE TABLE accounts (id INTEGER)",
    "CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE accounts (id INTEGER)",
])  # fmt: skip
def test_a_database_of_something_else_is_left_alone(registry_url, tmp_path, statement):
    with closing(sa.create_engine(registry_url).raw_connection()) as connection:
        for part in statement.split(";"):
            connection.cursor().execute(part)
        connection.commit()
        connection.detach()
    file = tmp_path / "charz.db"
    before = file.read_bytes() if file.exists() else None
    for act in (stores.open, stores.upgrade):
        with pytest.raises(RegistryError, match=r"something else .*'accounts'.* of its own"):
            act(registry_url)
    assert before == (file.read_bytes() if file.exists() else None)


def test_a_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("These are notes, long enough to be taken for a header. " * 20)
    for act in (stores.open, stores.upgrade):
        with pytest.raises(RegistryError, match=r"notes\.txt .*not a database; it is no charz"):
            act(f"sqlite:///{file}")


def test_an_empty_file_is_no_registry_yet(tmp_path):
    file = tmp_path / "charz.db"
    file.touch()
    with pytest.raises(RegistryError, match="no registry"):
        stores.open(f"sqlite:///{file}")
    stores.open(f"sqlite:///{file}", create=True).close()


@pytest.mark.parametrize("url", [
    "sqlite://", "sqlite:///:memory:", "mysql://localhost/charz", "nonsense://x", "://",
    "postgresql://localhost:port/charz", "oracle://x", "sqlite+aiosqlite:///x.db",
])  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused(url):
    with pytest.raises(RegistryError):
        stores.open(url, create=True)


def test_a_server_that_is_not_there_is_named_without_the_password():
    pytest.importorskip("psycopg")
    with pytest.raises(RegistryError, match="check the URL and server") as caught:
        stores.open("postgresql://someone:secret@127.0.0.1:9/charz?connect_timeout=2")
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_on_the_server_is_named(postgres_url):
    with pytest.raises(RegistryError, match=r"does not exist; check the URL and server"):
        stores.open(postgres_url.replace("/charz_", "/other_"), create=True)


def test_a_folder_is_no_registry(tmp_path):
    with pytest.raises(RegistryError, match="check the path"):
        stores.open(f"sqlite:///{tmp_path}", create=True)


def test_a_read_only_file_can_be_read_and_says_so_when_written(tmp_path, protected):
    folder = tmp_path / "kept"
    url = f"sqlite:///{folder / 'charz.db'}"
    with stores.open(url, create=True) as store:
        store.put("feature", [feature("a")])
    protected(folder / "charz.db")
    with stores.open(url) as store:
        assert names(store) == ["a"]
        with pytest.raises(RegistryError, match=r"readonly.*right to write"):
            store.put("feature", [feature("b")])
        assert names(store) == ["a"]


def test_a_registry_cannot_be_made_in_a_read_only_folder(tmp_path, protected):
    folder = tmp_path / "kept"
    folder.mkdir()
    protected(folder)
    for place in ("charz.db", "deeper/charz.db"):
        with pytest.raises(RegistryError, match=r"the right to write|check the path"):
            stores.open(f"sqlite:///{folder / place}", create=True)


def test_a_full_disk_loses_nothing(small_disk):
    url = f"sqlite:///{small_disk / 'charz.db'}"
    with stores.open(url, create=True) as store:
        store.put("feature", [feature("before")])
        with pytest.raises(RegistryError, match="full; free some space"):
            store.put("feature", [feature(f"{n}", "x" * 1000) for n in range(20_000)])
        assert names(store) == ["before"]


# --- writing


def test_putting_twice_is_putting_once(store):
    rows = [feature("a"), feature("b")]
    assert store.put("feature", rows) == 2
    assert store.put("feature", rows) == 0
    assert store.put("feature", rows[:1]) == 0
    assert store.put("feature", [feature("a", "other"), feature("c")]) == 1
    assert names(store) == ["a", "b", "c"]
    assert store.row("feature", name="a")["item"] == "item"
    assert store.put("feature", []) == 0


def test_update_sets_only_the_columns_named(store):
    store.put("feature", [feature("a")])
    before = store.row("feature", name="a")
    changed = {"name": "a", "item": "new", "kind": "estimator"}
    assert store.put("feature", [changed, feature("b")], update=["item"]) == 2
    after = store.row("feature", name="a")
    assert (after["item"], after["kind"], after["id"]) == ("new", "feature", before["id"])


def test_ensure_returns_the_id_of_the_row_that_is_there(store):
    with store.write() as writer:
        first = writer.ensure("feature", feature("a"))
        second = writer.ensure("feature", feature("b"))
        assert writer.ensure("feature", feature("a", "other")) == first != second
    assert store.row("feature", name="a")["id"] == first


def test_rows_of_unlike_columns_are_refused_rather_than_cut(store):
    with pytest.raises(ValueError, match="differ"):
        store.put("probe", [
            {"spec": "a", "name": "a", "parameters": {}},
            {"spec": "b", "name": "b", "parameters": {}, "surprise": 1},
        ])  # fmt: skip
    assert store.count("probe") == 0


def test_an_exception_leaves_nothing(store):
    with pytest.raises(InputError), store.write() as writer:  # noqa: PT012
        writer.put("feature", [feature("a")])
        writer.ensure("probe", {"spec": "p", "name": "p", "parameters": {}})
        raise InputError("stop", "go on")
    assert store.count("feature") == store.count("probe") == 0


@pytest.mark.parametrize(("table", "row"), [
    ("feature", {"name": "a", "item": "a", "kind": "hunch"}),
    ("failure", {"step": "dance", "unit": "a", "message": "", "n_attempts": 1}),
    ("result", dict.fromkeys(
        ["encoder_id", "train_subset_id", "eval_subset_id", "probe_id", "n_train", "n_eval"], 1)
        | {"accuracy": 0.5}),
])  # fmt: skip
def test_a_row_that_breaks_a_constraint_stops_the_transaction(store, table, row):
    with pytest.raises(sa.exc.IntegrityError), store.write() as writer:  # noqa: PT012
        writer.put("probe", [{"spec": "p", "name": "p", "parameters": {}}])
        writer.put(table, [row])
    assert store.count("probe") == store.count(table) == 0


def test_more_rows_than_a_batch_all_land(store):
    rows = [feature(f"{n:05}") for n in range(12_345)]
    assert store.put("feature", rows) == 12_345
    assert store.put("feature", [*rows, feature("last")]) == 1
    assert names(store) == [row["name"] for row in rows] + ["last"]


def test_every_table_has_a_natural_key_that_the_database_holds(store):
    for name, table in TABLES.items():
        inspector = sa.inspect(store.engine)
        unique = {tuple(found["column_names"]) for found in inspector.get_unique_constraints(name)}
        unique.add(tuple(inspector.get_pk_constraint(name)["constrained_columns"]))
        assert natural_key(table) in unique, name


def test_values_come_back_as_they_went_in(store):
    far = timezone(timedelta(hours=5, minutes=30))
    row = {
        "key": "k", "command": "Überprüfung ✓", "arguments": {"a": [1, 2.5, None, "ß\n"], "b": {}},
        "version": "1", "host": "h", "status": "done",
        "started_at": datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=far),
        "ended_at": datetime(2024, 3, 1, 1, 2, 3),
    }  # fmt: skip
    store.put("run", [row])
    found = store.row("run", key="k")
    assert (found["command"], found["arguments"]) == (row["command"], row["arguments"])
    assert found["started_at"] == row["started_at"]
    assert found["started_at"].tzinfo == UTC
    assert found["ended_at"] == datetime(2024, 3, 1, 1, 2, 3, tzinfo=UTC)


def test_numpy_numbers_are_stored_and_not_a_number_is_null(store):
    store.put("dataset", [
        dataset("a", balance=np.float32(0.5), median_words=np.float64(1 / 3), p95_words=math.nan),
    ])  # fmt: skip
    found = store.row("dataset", name="a")
    assert (found["balance"], found["median_words"], found["p95_words"]) == (0.5, 1 / 3, None)
    with pytest.raises((sa.exc.StatementError, ValueError), match="JSON compliant"):
        store.put("dataset", [dataset("b", extra={"x": math.nan})])


def test_a_missing_json_value_is_null(store):
    row = {"name": "p", "sampler": "random", "parameters": {}, "n_seeds": 1, "eval_sizes": [None]}
    store.put("protocol", [row | {"sizes": None}])
    protocol = TABLES["protocol"]
    assert len(store.rows(sa.select(protocol.c.id).where(protocol.c.sizes.is_(None)))) == 1
    assert store.row("protocol", name="p")["eval_sizes"] == [None]


def dataset(name: str, **more):
    row = {
        "name": name, "fingerprint": "f", "source": "s", "group_name": "g", "n_classes": 2,
        "classes": ["a", "b"], "is_pair": False, "extra": {},
    }  # fmt: skip
    return row | more


# --- provenance


def test_a_run_is_recorded_from_start_to_end(store):
    before = datetime.now(UTC)
    with store.run("ingest encoder", {"specs": ["tfidf:"]}) as run_id:
        assert store.run_id == run_id
        running = store.row("run", id=run_id)
        assert (running["status"], running["ended_at"]) == ("running", None)
    ended = store.row("run", id=run_id)
    assert ended["status"] == "done"
    assert ended["arguments"] == {"specs": ["tfidf:"]}
    assert before <= ended["started_at"] <= ended["ended_at"] <= datetime.now(UTC)
    assert store.run_id is None


@pytest.mark.parametrize("error", [InputError("no", "yes"), ZeroDivisionError, KeyboardInterrupt])
def test_a_run_that_breaks_is_recorded_as_failed(store, error):
    with pytest.raises((InputError, ZeroDivisionError, KeyboardInterrupt)), store.run("probe", {}):
        raise error
    assert [row["status"] for row in store.rows(sa.select(TABLES["run"]))] == ["failed"]
    assert store.run_id is None


def test_runs_nest(store):
    with store.run("update", {}) as outer:
        with store.run("embed", {}) as inner:
            assert store.run_id == inner
        assert store.run_id == outer != inner


def test_a_failure_is_counted_until_it_succeeds(store):
    with store.run("embed", {}) as run_id:
        store.failed("embed", "unit 1", ValueError("first"))
        store.failed("embed", "unit 1", InputError("second", "mend it"))
        store.failed("embed", "unit 2", ValueError("other"))
    found = store.row("failure", step="embed", unit="unit 1")
    assert (found["n_attempts"], found["message"]) == (2, "second; mend it")
    assert found["run_id"] == run_id
    store.succeeded("embed", "unit 1")
    store.succeeded("embed", "never failed")
    left = store.rows(sa.select(TABLES["failure"]))
    assert [(row["unit"], row["message"]) for row in left] == [("unit 2", "ValueError('other')")]


# --- several processes

WRITER = """
import sys
from charz import store as stores
url, me, n_batches, n_rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with stores.open(url) as store:
    for batch in range(n_batches):
        with store.write() as writer:
            one = {"item": str(batch), "kind": "feature"}
            writer.ensure("probe", {"spec": f"{batch}", "name": me, "parameters": {}})
            own = [one | {"name": f"{me} {batch} {row}"} for row in range(n_rows)]
            writer.put("feature", own[: n_rows // 2])
            writer.put("feature", own[n_rows // 2 :])
            writer.put("feature", [one | {"name": f"shared {batch} {row}"} for row in range(20)])
        print(batch)
"""


def test_several_writers_lose_and_repeat_nothing(store):
    writers = [processes.start(WRITER, store.url, me, "25", "100") for me in "abc"]
    for writer in writers:
        assert processes.finish(writer).split() == [str(batch) for batch in range(25)]
    wanted = [f"{me} {batch} {row}" for me in "abc" for batch in range(25) for row in range(100)]
    wanted += [f"shared {batch} {row}" for batch in range(25) for row in range(20)]
    assert names(store) == sorted(wanted)
    assert store.count("probe") == 25


def test_a_killed_writer_leaves_whole_batches(store):
    said = processes.kill(processes.start(WRITER, store.url, "a", "100000", "200"), after=4)
    counts = Counter(name.split()[1] for name in names(store) if name.startswith("a "))
    assert set(counts.values()) == {200}
    assert set(counts) >= set(said)
    if store.url.startswith("sqlite"):
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert store.put("feature", [feature("still writable")]) == 1


def test_a_snapshot_taken_while_writing_holds_whole_batches(sqlite_url, tmp_path):
    with stores.open(sqlite_url, create=True) as store:
        writer = processes.start(WRITER, store.url, "a", "100000", "200")
        assert writer.stdout is not None
        for turn in range(5):
            seen = {writer.stdout.readline().strip() for _ in range(2)}
            with (
                closing(sqlite3.connect(tmp_path / "charz.db")) as live,
                closing(sqlite3.connect(tmp_path / f"copy{turn}.db")) as copy,
            ):
                live.backup(copy)
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                found = copy.execute("SELECT name FROM feature WHERE name LIKE 'a %'").fetchall()
            counts = Counter(name.split()[1] for (name,) in found)
            assert set(counts.values()) == {200}
            assert set(counts) >= seen
        processes.kill(writer, after=0)


def test_a_writer_waits_for_its_turn(sqlite_url):
    with stores.open(sqlite_url, create=True) as store:
        with store.write() as writer:
            writer.put("feature", [feature("first")])
            second = processes.start(WRITER, store.url, "b", "1", "10")
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(2)  # it can only be later on a slow machine, never sooner
        processes.finish(second)
        assert len(names(store)) == 31


UPGRADER = """
import sys
from charz import store as stores
print(stores.upgrade(sys.argv[1]))
"""


def test_several_processes_may_make_the_registry_at_once(registry_url):
    upgraders = [processes.start(UPGRADER, registry_url) for _ in range(4)]
    said = [processes.finish(upgrader).strip() for upgrader in upgraders]
    assert said == [stores.head()] * 4
    with stores.open(registry_url) as store:
        assert store.count("run") == 0


SECOND_LIBRARY = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
try:
    connection.execute("INSERT INTO feature (name, item, kind) VALUES ('x', 'x', 'feature')")
    connection.commit()
    print("wrote")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_reading_a_snapshot_with_another_sqlite_library_keeps_our_locks(sqlite_url, tmp_path):
    """POSIX locks are a process's: another library that closes the live file drops ours."""
    adbc = pytest.importorskip("adbc_driver_sqlite.dbapi")
    with stores.open(sqlite_url, create=True) as store:
        with store.write() as writer:
            writer.put("feature", [feature("ours")])
            with (
                closing(sqlite3.connect(tmp_path / "charz.db")) as live,
                closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
            ):
                live.backup(copy)
            with (
                adbc.connect(str(tmp_path / "copy.db")) as other,
                other.cursor() as cursor,
            ):
                cursor.execute("SELECT count(*) FROM feature")
                assert cursor.fetchone() == (0,)
            said = processes.finish(processes.start(SECOND_LIBRARY, str(tmp_path / "charz.db")))
            assert said.strip() == "database is locked"
        assert names(store) == ["ours"]
