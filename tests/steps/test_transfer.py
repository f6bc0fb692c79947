"""Export and import: the same rows on the other side, whatever the ids and the database."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from charz import store as stores
from charz.artifacts import ArtifactStore
from charz.errors import ArtifactError, InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import transfer
from tests import processes, world

TRAVELS = sorted(set(TABLES) - {"failure"})


@pytest.fixture
def other(store, tmp_path, request):
    """Open an empty registry of the other kind of database."""
    if store.engine.dialect.name == "sqlite":
        return request.getfixturevalue("postgres_store")
    return request.getfixturevalue("sqlite_store")


@pytest.fixture
def third(tmp_path):
    """Open one more empty registry."""
    with stores.open(f"sqlite:///{tmp_path / 'third.db'}", create=True) as opened:
        yield opened


def tables(folder: Path) -> dict[str, list[dict]]:
    return {name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in TRAVELS}


def counts(store) -> dict[str, int]:
    return {name: store.count(name) for name in TABLES}


def meaning(store) -> dict[str, set[tuple]]:
    """Return what the results and values say, by names, in plain SQL of its own."""
    cell = """
        SELECT e.spec, p.name, d.name, s.name, l.name, t.n_rows, t.seed,
               d2.name, s2.name, v.n_rows, {columns}, run.key
        FROM {table} r
        JOIN encoder e ON e.id = r.encoder_id
        JOIN subset t ON t.id = r.train_subset_id JOIN protocol p ON p.id = t.protocol_id
        JOIN split s ON s.id = t.split_id JOIN dataset d ON d.id = s.dataset_id
        JOIN dataset l ON l.id = t.labels_of_id
        JOIN subset v ON v.id = r.eval_subset_id JOIN split s2 ON s2.id = v.split_id
        JOIN dataset d2 ON d2.id = s2.dataset_id
        JOIN run ON run.id = r.run_id
        JOIN {join}
    """
    asked = {
        "result": ("pr.spec, r.accuracy, r.log_loss, r.chosen", "probe pr ON pr.id = r.probe_id"),
        "feature_value": ("f.name, r.value", "feature f ON f.id = r.feature_id"),
    }
    found = {}
    with store.engine.connect() as connection:
        for table, (columns, join) in asked.items():
            query = cell.format(table=table, columns=columns, join=join)
            rows = connection.exec_driver_sql(query).all()
            found[table] = {tuple(row) for row in rows}
            assert len(rows) == len(found[table]) == store.count(table)
        query = """SELECT a.n_rows, b.n_rows, a.seed, b.seed, a.split_id = b.split_id
                   FROM subset a JOIN subset b ON b.id = a.parent_id"""
        found["parents"] = {tuple(row) for row in connection.exec_driver_sql(query)}
    return found


def scrambled(store) -> None:
    """Fill a registry in another order, so that its ids are others."""
    world.fill(store, encoders="b", datasets="y")
    world.fill(store, encoders="ba", datasets="yx")


def test_a_registry_is_the_same_after_the_way_through_the_other_database(store, other, tmp_path):
    world.fill(store)
    world_counts = counts(store)
    done = transfer.export(store, tmp_path / "first")
    assert done.done == sum(pq.read_metadata(file).num_rows for file in parquets(tmp_path))
    transfer.load(other, tmp_path / "first")
    transfer.export(other, tmp_path / "second")
    assert tables(tmp_path / "first") == tables(tmp_path / "second")
    assert meaning(store) == meaning(other)
    left_out = {"failure", "artifact", "embedding", "metamodel", "task_embedding"}
    assert {name: n for name, n in counts(other).items() if n} == {
        name: n for name, n in world_counts.items() if name not in left_out
    }


def parquets(tmp_path):
    return sorted((tmp_path / "first").glob("*.parquet"))


def test_ids_do_not_matter(store, third, tmp_path):
    world.fill(third)
    scrambled(store)
    transfer.export(third, tmp_path / "first")
    transfer.export(store, tmp_path / "second")
    first, second = tables(tmp_path / "first"), tables(tmp_path / "second")
    differ = {name for name in TRAVELS if first[name] != second[name]}
    assert differ <= {"run", "encoder", "dataset", "subset", "result", "feature_value", "outcome",
                      "prediction", "evaluation", "importance", "entry", "answer"}  # fmt: skip
    for name in differ - {"run"}:
        for rows in (first[name], second[name]):
            for row in rows:
                del row["run"]
        assert first[name] == second[name]


def test_importing_twice_adds_nothing(store, other, tmp_path):
    world.fill(store)
    transfer.export(store, tmp_path / "first")
    assert transfer.load(other, tmp_path / "first").done > 0
    before = counts(other)
    again = transfer.load(other, tmp_path / "first")
    assert (again.done, again.notes) == (0, ())
    assert counts(other) == before
    assert transfer.load(store, tmp_path / "first").done == 0


def test_what_is_there_stays_and_what_is_new_comes(store, other, tmp_path):
    scrambled(other)
    with other.write() as writer:
        writer.execute(TABLES["encoder"].update().values(license="mine"))
        writer.execute(TABLES["result"].update().values(origin="here"))
    there = counts(other)
    world.fill(store, encoders="bc", datasets="yz", n_seeds=1)
    transfer.export(store, tmp_path / "first")
    transfer.load(other, tmp_path / "first")
    licenses = {row["spec"]: row["license"] for row in other.rows(sa.select(TABLES["encoder"]))}
    assert licenses == {
        "mteb:org/a": "mine", "random:a": "mine", "random:b": "mine", "random:c": None,
    }  # fmt: skip
    result = TABLES["result"]
    here = other.rows(sa.select(result.c.accuracy).where(result.c.origin == "here"))
    assert len(here) == there["result"]
    union, mine = meaning(other), meaning(store)
    for table in ("result", "feature_value"):
        assert {row[:-1] for row in mine[table]} <= {row[:-1] for row in union[table]}
        assert counts(other)[table] > there[table]


@pytest.mark.parametrize("chosen", [
    {"encoders": ["random:a"]}, {"datasets": ["x"]},
    {"encoders": ["random:b", "random:c"], "datasets": ["y", "z"]}, {"encoders": ["random:*"]},
])  # fmt: skip
def test_a_part_is_closed_and_says_the_same(store, other, tmp_path, chosen):
    world.fill(store, encoders="abc", datasets="xyz", n_seeds=1)
    transfer.export(store, tmp_path / "part", **chosen)
    transfer.load(other, tmp_path / "part")
    encoders = [f"random:{name}" for name in "abc"]
    if "encoders" in chosen and "random:*" not in chosen["encoders"]:
        encoders = chosen["encoders"]
    datasets = chosen.get("datasets", list("xyz"))
    whole, part = meaning(store), meaning(other)
    for table in ("result", "feature_value"):
        assert part[table] == {
            row for row in whole[table]
            if row[0] in encoders and {row[2], row[4], row[7]} <= set(datasets)
        }  # fmt: skip
        assert part[table]
    # What was published goes along where its encoder and its task do, and was not chosen away.
    encoders += [] if "encoders" in chosen else ["mteb:org/a"]
    datasets += [] if "datasets" in chosen else ["mteb/t"]
    assert {row["spec"] for row in other.rows(sa.select(TABLES["encoder"]))} == set(encoders)
    assert {row["name"] for row in other.rows(sa.select(TABLES["dataset"]))} == set(datasets)
    assert other.count("prediction") == 0
    transfer.export(other, tmp_path / "again", **chosen)
    assert tables(tmp_path / "again") == tables(tmp_path / "part")


def test_an_unknown_name_is_named(store, tmp_path):
    world.fill(store)
    with pytest.raises(UnknownNameError, match="random:a"):
        transfer.export(store, tmp_path / "part", encoders=["random:aa"])
    assert list(tmp_path.glob("*part*")) == []


# --- artifacts


POINTERS = {
    "task_embedding": "vector_hash",
    "split": "examples_hash",
    "embedding": "vectors_hash",
    "subset": "members_hash",
    "metamodel": "arrays_hash",
}


def with_artifacts(store) -> None:
    """Fill a registry and store bytes for every artifact that it speaks of."""
    world.fill(store)
    made = {}
    with store.write() as writer:
        for row in writer.rows(sa.select(TABLES["artifact"])):
            array = np.frombuffer(row["hash"].encode(), np.uint8)
            stored = (
                store.artifacts.put_table(pa.table({"text": [row["hash"]]}), "examples")
                if row["kind"] == "examples"
                else store.artifacts.put_arrays({"a": array}, "metamodel")
                if row["kind"] == "metamodel"
                else store.artifacts.put_array(array, row["kind"])
            )
            made[row["hash"]] = writer.artifact(stored)
        for table, column in POINTERS.items():
            where = TABLES[table].c[column]
            for old, new in made.items():
                changed = TABLES[table].update().where(where == old)
                writer.execute(changed.values({column: new}))
        artifact = TABLES["artifact"]
        writer.execute(artifact.delete().where(artifact.c.hash.in_(made)))


def pointers(store) -> set[tuple[str, str]]:
    return {(row["hash"], row["suffix"]) for row in store.rows(sa.select(TABLES["artifact"]))}


def elsewhere(store, monkeypatch, tmp_path) -> None:
    """Keep the artifacts of a registry in a folder of its own."""
    root = tmp_path / f"artifacts of {store.engine.dialect.name}"
    monkeypatch.setattr(store, "artifacts", ArtifactStore(str(root)), raising=False)


@pytest.fixture
def apart(store, other, monkeypatch, tmp_path):
    for each in (store, other):
        elsewhere(each, monkeypatch, tmp_path)


def test_artifacts_come_along_when_asked(store, other, apart, tmp_path):
    with_artifacts(store)
    transfer.export(store, tmp_path / "first", artifacts=True)
    transfer.load(other, tmp_path / "first")
    assert pointers(other) == pointers(store)
    for name, suffix in pointers(store):
        assert other.artifacts.read(name, suffix) == store.artifacts.read(name, suffix)
    assert {name for name, n in counts(other).items() if not n} == {"failure"}
    transfer.export(other, tmp_path / "second", artifacts=True)
    assert tables(tmp_path / "second") == tables(tmp_path / "first")


def test_a_part_takes_only_its_artifacts(store, apart, tmp_path):
    with_artifacts(store)
    transfer.export(store, tmp_path / "part", encoders=["random:a"], datasets=["x"], artifacts=True)
    part = tables(tmp_path / "part")
    used = {row["vectors_hash"] for row in part["embedding"]}
    used |= {row["vector_hash"] for row in part["task_embedding"]}
    used |= {row["examples_hash"] for row in part["split"]}
    used |= {row["members_hash"] for row in part["subset"]}
    assert {row["hash"] for row in part["artifact"]} == used
    files = [file for file in (tmp_path / "part" / "artifacts").rglob("*") if file.is_file()]
    assert len(files) == len(used) < len(pointers(store))


def test_artifacts_may_come_later(store, other, apart, tmp_path):
    with_artifacts(store)
    transfer.export(store, tmp_path / "bare")
    transfer.export(store, tmp_path / "whole", artifacts=True)
    transfer.load(other, tmp_path / "bare")
    assert other.row("split", id=1)["examples_hash"] is None
    transfer.load(other, tmp_path / "whole")
    transfer.export(other, tmp_path / "again", artifacts=True)
    again, whole = tables(tmp_path / "again"), tables(tmp_path / "whole")
    for row in (*again["prediction"], *whole["prediction"]):
        del row["metamodel_id"]
    assert again == whole


def test_a_missing_artifact_stops_the_export(store, tmp_path):
    world.fill(store)
    with pytest.raises(ArtifactError, match="missing"):
        transfer.export(store, tmp_path / "first", artifacts=True)
    assert not list(tmp_path.glob("*first*"))


def test_a_damaged_artifact_stops_the_import(store, other, apart, tmp_path):
    with_artifacts(store)
    transfer.export(store, tmp_path / "first", artifacts=True)
    file = next(path for path in (tmp_path / "first" / "artifacts").rglob("*.npy"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged"):
        transfer.load(other, tmp_path / "first")
    assert not any(counts(other).values())


# --- a folder that is not what it should be


@pytest.fixture
def exported(tmp_path, made_sqlite):
    """Export a small registry that is none of the others."""
    shutil.copyfile(made_sqlite, tmp_path / "source.db")
    with stores.open(f"sqlite:///{tmp_path / 'source.db'}") as source:
        world.fill(source)
        transfer.export(source, tmp_path / "first")
    return tmp_path / "first"


def refused(third, folder, match):
    with pytest.raises(InputError, match=match):
        transfer.load(third, folder)
    assert not any(counts(third).values())


def rewrite(folder: Path, table: str, rows: list[dict], schema: pa.Schema | None = None) -> None:
    """Put other rows in a file and vouch for them in the manifest."""
    file = folder / f"{table}.parquet"
    schema = schema or pq.read_schema(file)
    pq.write_table(pa.Table.from_pylist(rows, schema), file)
    vouch(folder)


def vouch(folder: Path) -> None:
    import hashlib

    manifest = json.loads((folder / "manifest.json").read_text())
    for table, entry in manifest["tables"].items():
        content = (folder / f"{table}.parquet").read_bytes()
        entry["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("table", TRAVELS)
def test_a_changed_byte_is_seen(third, exported, table):
    file = exported / f"{table}.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused(third, exported, rf"{table}\.parquet is damaged")


def test_a_missing_file_is_seen(third, exported):
    (exported / "result.parquet").unlink()
    refused(third, exported, r"result\.parquet is missing")


def test_a_link_is_not_followed(third, exported, tmp_path):
    shutil.move(exported / "run.parquet", tmp_path / "elsewhere.parquet")
    (exported / "run.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    refused(third, exported, "no plain file")


@pytest.mark.parametrize("change", [
    {"schema": "0000"}, {"format": 2}, {"tables": {}}, {"tables": {"../../etc/passwd": {}}},
    {"tables": None}, {"tables": []}, {"schema": None},
])  # fmt: skip
def test_a_manifest_that_is_another_is_refused(third, exported, change):
    file = exported / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    refused(third, exported, "export")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', "\x00"])
def test_a_manifest_that_is_none_is_refused(third, exported, text):
    (exported / "manifest.json").write_text(text)
    refused(third, exported, "import")


def test_a_folder_of_something_else_is_refused(third, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        refused(third, folder, "no export of charz")


def test_a_file_that_is_no_parquet_is_refused(third, exported):
    (exported / "probe.parquet").write_bytes(b"PAR1 not really PAR1")
    vouch(exported)
    refused(third, exported, "cannot be imported")


@pytest.mark.parametrize(("table", "change", "match"), [
    ("result", {"encoder": "random:nobody"}, "names a encoder 'random:nobody'"),
    ("result", {"train_subset_id": 99_999}, "names a subset 99999"),
    ("result", {"accuracy": 1.5}, "cannot be imported"),
    ("result", {"encoder": None}, "cannot be imported"),
    ("subset", {"members_hash": "../../etc/passwd"}, "members_hash that charz does not write"),
    ("subset", {"role": "other"}, "cannot be imported"),
    ("encoder", {"extra": "{"}, "cannot be imported"),
    ("encoder", {"extra": '{"a": NaN}'}, "NaN is no JSON"),
    ("run", {"status": "dancing"}, "cannot be imported"),
])  # fmt: skip
def test_rows_that_cannot_be_are_refused(third, exported, table, change, match):
    rows = pq.read_table(exported / f"{table}.parquet").to_pylist()
    rewrite(exported, table, [rows[0] | change, *rows[1:]])
    refused(third, exported, match)


def test_artifact_names_cannot_point_elsewhere(third, exported):
    row = {"kind": "members", "suffix": ".npy", "n_bytes": 1, "created_at": world.WHEN}
    for change in ({"hash": "../../../etc/passwd"}, {"hash": "0" * 64, "suffix": "/../../x"}):
        rewrite(exported, "artifact", [row | change])
        refused(third, exported, "that charz does not write")


def test_parents_in_a_circle_are_refused(third, exported):
    rows = pq.read_table(exported / "subset.parquet").to_pylist()
    rows[0]["parent_id"], rows[1]["parent_id"] = rows[1]["id"], rows[0]["id"]
    rewrite(exported, "subset", rows)
    refused(third, exported, "parents")


def test_other_columns_are_refused(third, exported):
    table = pq.read_table(exported / "probe.parquet")
    rewrite(exported, "probe", [], table.drop_columns(["name"]).schema)
    refused(third, exported, "other columns")


@pytest.mark.parametrize(("table", "change"), [
    ("dataset", {"fingerprint": "another"}), ("encoder", {"fingerprint": "another"}),
    ("protocol", {"parameters": {"a": 2}}), ("protocol", {"sampler": "stratified"}),
])  # fmt: skip
def test_another_thing_of_the_same_name_is_not_merged(store, exported, table, change):
    world.fill(store)
    with store.write() as writer:
        writer.execute(TABLES[table].update().values(**change))
    before = counts(store)
    with pytest.raises(InputError, match=f"{table} '.*' with another"):
        transfer.load(store, exported)
    assert counts(store) == before


def test_another_draw_of_the_same_name_is_not_merged(store, other, apart, tmp_path):
    with_artifacts(store)
    transfer.export(store, tmp_path / "first", artifacts=True)
    world.fill(other)
    with pytest.raises(InputError, match=r"subset '.*' with another members_hash"):
        transfer.load(other, tmp_path / "first")


def test_nothing_lands_of_an_import_that_fails(store, exported):
    rows = pq.read_table(exported / "result.parquet").to_pylist()
    rewrite(exported, "result", [*rows[:-1], rows[-1] | {"accuracy": 7.0}])
    with pytest.raises(InputError):
        transfer.load(store, exported)
    assert not any(counts(store).values())


# --- writing


def test_a_folder_that_is_there_is_left_alone(sqlite_store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "file").write_text("mine")
    for name in ("mine", "file"):
        with pytest.raises(InputError, match="there already"):
            transfer.export(sqlite_store, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_named(sqlite_store, tmp_path, protected):
    (tmp_path / "kept").mkdir()
    protected(tmp_path / "kept")
    with pytest.raises(InputError, match="cannot write"):
        transfer.export(sqlite_store, tmp_path / "kept" / "first")


def test_a_full_disk_leaves_no_half_export(sqlite_store, small_disk):
    sqlite_store.put("feature", [
        {"name": os.urandom(80).hex(), "item": "x", "kind": "feature"} for _ in range(60_000)
    ])  # fmt: skip
    with pytest.raises(InputError, match="cannot write"):
        transfer.export(sqlite_store, small_disk / "first")
    assert list(small_disk.iterdir()) == []


LOADER = """
import sys
from charz import store as stores
from charz.steps import transfer
with stores.open(sys.argv[1]) as store:
    print("ready")
    transfer.load(store, sys.argv[2])
    print("done")
"""


def test_a_killed_import_leaves_nothing_or_everything(store, exported):
    for _ in range(3):
        said = processes.kill(processes.start(LOADER, store.url, str(exported)), after=1)
        if "done" not in said:
            assert store.count("result") in (0, pq.read_metadata(
                exported / "result.parquet").num_rows)  # fmt: skip
    transfer.load(store, exported)
    assert transfer.load(store, exported).done == 0


def test_an_export_of_nothing_is_an_export(sqlite_store, third, tmp_path):
    assert transfer.export(sqlite_store, tmp_path / "first").done == 0
    assert transfer.load(third, tmp_path / "first").done == 0
