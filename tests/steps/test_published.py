"""Published results in a registry: what is written, again, better, and what stays untouched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from charz import store as stores
from charz.cli import main
from charz.errors import InputError
from charz.schema import TABLES
from charz.steps import embed, ingest, probe, published, status, subset
from charz.warehouse import Warehouse, queryfile
from charz.warehouse.record import public_record
from tests import dumps, tiny
from tests.small_record import LINES, both, encoder, file, line, tables, task

TASKS = (
    *both("Moods"), task("Alone", split="train", counts=(9, 9, 9), superseded_by="Alone.v2"),
    *both("Alone.v2"),
)  # fmt: skip
MEANS = {"accuracy_per_experiment": [], "f1_per_experiment": []}


@pytest.fixture
def record(tmp_path):
    lines = [*LINES, line(name="Alone", split="train"), line("org/b", "Alone.v2", **MEANS)]
    return tables(tmp_path / "record", lines, TASKS)


def contents(store):
    found = dumps.contents(store.engine)
    return {name: rows for name, rows in found.items() if name != "run"}


def test_every_draw_is_a_result_and_every_line_an_entry(store, record):
    done = published.mteb(store, record)
    assert (store.count("encoder"), store.count("dataset")) == (2, 3)
    assert (store.count("result"), store.count("entry"), done.done) == (9, 4, 13)
    a = store.get("encoder", spec="mteb:org/a")
    assert (a["kind"], a["name"], a["n_dims"], a["is_open"]) == ("mteb", "org/a", 384, True)
    assert (a["languages"], a["trained_on"]) == (["eng-Latn"], ["NQ"])
    moods = store.get("dataset", name="mteb/Moods")
    assert (moods["domains"], moods["mean_chars"]) == (["News", "Written"], 50.5)
    query = queryfile.read("cell")
    with Warehouse(store) as warehouse:
        cells = warehouse.run(query)
    ours = cells[(cells["encoder"] == "mteb:org/a") & (cells["dataset"] == "mteb/Moods")]
    assert ours["accuracy"].tolist() == [0.5, 0.6, 0.7]
    assert ours["macro_f1"].round(6).tolist() == [0.4, 0.5, 0.6]
    assert ours[["n_train", "n_eval"]].drop_duplicates().to_numpy().tolist() == [[13, 10]]
    assert set(cells["origin"]) == set(cells["protocol"]) == set(cells["probe"]) == {"mteb"}
    groups = {row["name"]: row["group_name"] for row in store.rows(sa.select(TABLES["dataset"]))}
    assert groups["mteb/Alone"] == groups["mteb/Alone.v2"] != groups["mteb/Moods"]


def test_a_second_time_changes_nothing(store, record):
    published.mteb(store, record)
    before = contents(store)
    assert published.mteb(store, record).done == 0
    assert contents(store) == before


def test_tables_and_files_of_one_record_are_the_same_to_a_registry(store, record, tmp_path):
    published.mteb(store, record)
    before = contents(store)
    file(tmp_path / "files")
    for name in ("tasks", "encoders"):
        (tmp_path / "files" / f"{name}.parquet").write_bytes(
            (record / f"{name}.parquet").read_bytes()
        )
    assert published.mteb(store, tmp_path / "files").done == 0
    assert contents(store) == before


def test_only_what_is_new_is_added(store, record, tmp_path):
    published.mteb(store, record)
    more = tables(tmp_path / "more", [*LINES, line("org/c")], TASKS, [encoder("org/c")])
    done = published.mteb(store, more)
    assert done.done == 3 + 1
    assert (store.count("encoder"), store.count("entry")) == (3, 5)


def test_a_better_line_replaces_its_elder_and_a_worse_one_does_not(store, record, tmp_path):
    published.mteb(store, record)
    new = {"mteb_version": "2.0.1", "revision": "r2", "accuracy": 0.3}
    lines = [line(**new, accuracy_per_experiment=[0.2, 0.3, 0.4])]
    done = published.mteb(store, tables(tmp_path / "new", lines, TASKS))
    assert "replaced entry: 1" in done.notes
    cells = public_record(store).cells.set_index(["encoder", "task"])["value"]
    assert cells["org/a", "mteb/Moods"] == pytest.approx(0.3)
    assert cells["org/b", "mteb/Moods"] == pytest.approx(0.9)
    before = contents(store)
    assert published.mteb(store, record).done == 0
    after = contents(store)
    assert after["result"] == before["result"]
    assert after["entry"] == before["entry"]


def test_new_facts_of_an_encoder_are_taken(store, record, tmp_path):
    published.mteb(store, record)
    facts = [encoder(license="apache-2.0"), encoder("org/b", adapted_from="org/a")]
    published.mteb(store, tables(tmp_path / "new", LINES, TASKS, facts))
    assert store.get("encoder", spec="mteb:org/a")["license"] == "apache-2.0"


def test_nothing_is_written_when_something_is_wrong(store, record):
    taken = {"name": "mteb/Moods", "fingerprint": "x", "source": "files:x", "group_name": "x",
             "n_classes": 2, "classes": ["a", "b"], "is_pair": False, "extra": {}}  # fmt: skip
    store.put("dataset", [taken])
    before = contents(store)
    with pytest.raises(InputError, match="another dataset 'mteb/Moods', of files:x"):
        published.mteb(store, record)
    assert contents(store) == before


def test_a_protocol_of_the_name_that_draws_otherwise_is_refused(store, record):
    subset.protocol(store, "other", sampler="random")
    with store.write() as writer:
        table = TABLES["protocol"]
        writer.execute(table.update().values(name="mteb"))
    with pytest.raises(InputError, match="another protocol 'mteb'"):
        published.mteb(store, record)
    assert store.count("entry") == 0


def test_the_run_keeps_every_name_that_was_left_out(store, tmp_path):
    names = [f"Pictures{number}" for number in range(30)]
    record = tables(tmp_path / "record", [*LINES, *(line(name=name) for name in names)], TASKS)
    with store.run("ingest results", {"record": "mteb"}) as run_id:
        done = published.mteb(store, record)
    assert any("30 (Pictures0, " in note and "and 22 others" in note for note in done.notes)
    arguments = store.get("run", id=run_id)["arguments"]
    (left_out,) = arguments["left_out"].values()
    assert set(left_out) == set(names)
    assert arguments["record"] == "mteb"


def test_a_record_asks_for_no_work_and_teaches_nothing(store, record, tmp_path):
    published.mteb(store, record)
    assert all(row["pending"] == 0 for row in status.run(store))
    folders = tiny.datasets(tmp_path / "data")
    ingest.dataset(store, str(folders["books"]), **tiny.FACTS["books"])
    ingest.encoder(store, "random:hash?dims=8")
    subset.protocol(store, sizes=[16], n_seeds=1, probes=["centroid"])
    subset.run(store)
    assert (embed.run(store).done, probe.run(store).done) == (2, 1)
    with Warehouse(store) as warehouse:
        table = warehouse.run(queryfile.read("training_table"), {"probe": "mteb"})
        assert table.empty


def test_the_checks_find_nothing_in_a_record(store, record):
    published.mteb(store, record)
    with Warehouse(store) as warehouse:
        for name in queryfile.names("checks"):
            assert warehouse.run(queryfile.read(name)).empty, name


def test_the_record_is_three_tables(store, record):
    published.mteb(store, record)
    found = public_record(store)
    expected = pd.DataFrame({
        "encoder": ["org/a", "org/a", "org/b", "org/b"],
        "task": ["mteb/Alone", "mteb/Moods", "mteb/Alone.v2", "mteb/Moods"],
        "value": [0.6, 0.6, 0.6, 0.9],
        "sd": [0.1, 0.1, np.nan, 0.1],
        "n_draws": [3, 3, 0, 3],
    })  # fmt: skip
    pd.testing.assert_frame_equal(found.cells, expected, check_dtype=False, atol=1e-6)
    a = found.encoders.loc["org/a"]
    assert (a["n_params"], a["max_tokens"], a["organisation"]) == (118_000_000, 512, "org")
    assert a["released"] == pytest.approx(2024 + 38 / 365.25)
    assert (a["languages"], a["training_datasets"]) == (("eng",), ("NQ",))
    assert a["open"]
    moods, alone = found.tasks.loc["mteb/Moods"], found.tasks.loc["mteb/Alone"]
    assert (moods["n_train"], moods["n_eval"], moods["n_per_class"]) == (25, 10, 8)
    assert (alone["n_train"], alone["n_eval"], alone["n_classes"]) == (27, 27, 3)
    assert moods["domains"] == ("News", "Written")


def test_the_protocol_is_known_by_name(store, tmp_path, record):
    published.mteb(store, record)
    folders = tiny.datasets(tmp_path / "data")
    ingest.dataset(store, str(folders["books"]), **tiny.FACTS["books"])
    subset.protocol(store, "mteb")
    plan = store.get("protocol", name="mteb")
    assert (plan["sampler"], plan["sizes"], plan["n_seeds"]) == ("mteb", [8], 10)
    done = subset.run(store)
    assert done.done == 11
    ingest.encoder(store, "random:hash?dims=8")
    embed.run(store)
    assert probe.run(store).done == 10
    table = TABLES["result"]
    measured = store.rows(sa.select(table).where(table.c.origin == "measured"))
    assert len(measured) == 10


def test_a_class_with_too_few_rows_gives_all_it_has(store, tmp_path):
    rows = [f"text {i},{'rare' if i < 5 else 'usual'}\n" for i in range(60)]
    (tmp_path / "uneven.csv").write_text("text,label\n" + "".join(rows))
    ingest.dataset(store, str(tmp_path / "uneven.csv"))
    subset.protocol(store, "mteb")
    subset.run(store)
    table = TABLES["subset"]
    drawn = store.rows(sa.select(table).where(table.c.role == "train"))
    counts = store.rows(sa.select(TABLES["split"]).where(TABLES["split"].c.name == "train"))
    expected = [min(count, 8) for count in counts[0]["class_counts"]]
    assert [row["class_counts"] for row in drawn] == [expected] * 10


def test_the_command_reads_a_record_and_says_what_it_left_out(record, sqlite_url):
    run = CliRunner().invoke
    arguments = ["ingest", "results", "mteb", str(record), "--registry", sqlite_url]
    done = run(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    with stores.open(sqlite_url) as opened:
        assert opened.count("entry") == 4
    wrong = run(main, [*arguments[:3], str(record / "nowhere"), *arguments[4:]])
    assert wrong.exit_code == 1
