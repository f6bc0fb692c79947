"""Figures: the same numbers on the other side, within the rounding, and nothing but numbers."""

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

from charz import paths, pending, shelf
from charz import store as stores
from charz.errors import InputError
from charz.schema import TABLES
from charz.steps import _card, _folders, check, figures, fit, ingest, status, subset, update
from tests import small_registry, tiny, world

PUBLIC = {"vectors.npz": "lab/vectors"}
TABLES_OF = ("encoder", "dataset", "split", "protocol", "probe", "subset", "feature", "result",
             "feature_value")  # fmt: skip
EXACT = ("accuracy", "cv_accuracy", "chosen", "n_train", "n_eval")
CLOSE = ("balanced_accuracy", "macro_f1", "log_loss", "brier", "ece", "auroc", "cv_log_loss")


@pytest.fixture(scope="session")
def folder(done, tmp_path_factory):
    """Export the figures of the tiny world; nobody may change them."""
    place = tmp_path_factory.mktemp("figures") / "figures"
    with stores.open(f"sqlite:///{done / 'charz.db'}") as store:
        figures.export(store, place, public=PUBLIC)
    return place


@pytest.fixture
def mine(folder, tmp_path):
    """Give a copy of the figures to change."""
    return Path(shutil.copytree(folder, tmp_path / "mine"))


@pytest.fixture
def source(done):
    """Open the tiny world, to be read."""
    with stores.open(f"sqlite:///{done / 'charz.db'}") as store:
        yield store


def counts(store) -> dict[str, int]:
    return {name: store.count(name) for name in TABLES}


def files(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


def meaning(store) -> dict[str, dict[tuple, dict]]:
    """Return results and values by the names of what they are about, in plain SQL."""
    place = """
        (SELECT p.name || '/' || d.name || '/' || l.name || '/' || x.role || '/' || x.n_rows
                || '/' || x.seed || '/' || CAST(x.class_counts AS TEXT)
         FROM protocol p, split t, dataset d, dataset l
         WHERE p.id = x.protocol_id AND t.id = x.split_id AND d.id = t.dataset_id
           AND l.id = x.labels_of_id)"""
    train, tested = place.replace("x.", "a."), place.replace("x.", "b.")
    query = """
        SELECT e.name, {names}, {train} AS t, {tested} AS v, r.*
        FROM {table} r JOIN encoder e ON e.id = r.encoder_id
        JOIN subset a ON a.id = r.train_subset_id JOIN subset b ON b.id = r.eval_subset_id
        JOIN {more}"""
    found = {}
    for table, names, more in (
        ("result", "q.spec", "probe q ON q.id = r.probe_id"),
        ("feature_value", "q.name AS spec", "feature q ON q.id = r.feature_id"),
    ):
        text = query.format(table=table, names=names, train=train, tested=tested, more=more)
        rows = [dict(row) for row in store.rows(sa.text(text))]
        keyed = {(_public(row["name"]), row["spec"], row["t"], row["v"]): row for row in rows}
        assert len(keyed) == len(rows) == store.count(table)
        found[table] = keyed
    return found


def _public(name: str) -> str:
    return PUBLIC.get(Path(name).name, name)


# --- there and back


def test_what_was_measured_comes_through_within_the_rounding(source, store, folder):
    loaded = figures.load(store, folder)
    ours, theirs = meaning(source), meaning(store)
    assert loaded.done == sum(counts(store)[name] for name in TABLES_OF)
    assert set(ours["result"]) == set(theirs["result"])
    for key, row in ours["result"].items():
        other = theirs["result"][key]
        assert {name: row[name] for name in EXACT} == {name: other[name] for name in EXACT}
        for name in CLOSE:
            assert other[name] == (row[name] and pytest.approx(row[name], rel=2**-12.99)), name
        for name in ("gap", "fit_seconds"):
            assert other[name] == (row[name] and pytest.approx(row[name], rel=2**-4.99)), name
        assert other["origin"] == "reference"
    assert set(ours["feature_value"]) == set(theirs["feature_value"])
    for key, row in ours["feature_value"].items():
        value = row["value"]
        found = theirs["feature_value"][key]["value"]
        assert found == (value and pytest.approx(value, rel=2**-12.99)), key
        assert not (value and value == round(value)) or found == value


def test_figures_of_what_was_imported_are_the_same_bytes(store, folder, tmp_path):
    figures.load(store, folder)
    figures.export(store, tmp_path / "again")
    assert files(tmp_path / "again") == files(folder)


def test_importing_twice_changes_nothing(store, folder):
    figures.load(store, folder)
    before, rows = counts(store), store.rows(sa.select(TABLES["run"]))
    again = figures.load(store, folder)
    assert (again.done, again.notes) == (0, ())
    assert counts(store) == before
    assert store.rows(sa.select(TABLES["run"])) == rows


def test_what_was_lost_since_comes_back(store, folder):
    figures.load(store, folder)
    before = counts(store)
    with store.write() as writer:
        writer.execute(TABLES["result"].delete().where(TABLES["result"].c.encoder_id == 1))
    lost = before["result"] - store.count("result")
    assert figures.load(store, folder).done == lost > 0
    assert counts(store) == before
    assert figures.load(store, folder).done == 0


def test_a_metamodel_learns_the_same_from_them(source, store, folder):
    figures.load(store, folder)
    ours, theirs = fit.read(source, "accuracy"), fit.read(store, "accuracy")

    def rows(table):
        told = table.features.assign(
            y=table.target, group=table.groups, other=table.sources, lineage=table.lineages
        )
        numbers = told.select_dtypes("number").columns
        return told.sort_values(list(told.columns)[::-1], ignore_index=True), list(numbers)

    (first, numbers), (second, _) = rows(ours), rows(theirs)
    words = [name for name in first if name not in numbers]
    order = ["group", "other", "lineage", "y", "n_train", "n_target"]
    first, second = (each.sort_values(order, kind="stable") for each in (first, second))
    assert first[words].to_numpy().tolist() == second[words].to_numpy().tolist()
    assert sorted(first["y"]) == sorted(second["y"])
    for name in numbers:
        left, right = np.sort(first[name]), np.sort(second[name])
        np.testing.assert_allclose(right, left, rtol=2**-12.99, err_msg=name)


def test_a_metamodel_is_fitted_on_them_with_what_is_measured_here(store, folder, tmp_path):
    figures.load(store, folder)
    assert fit.run(store, item="constant").done == 1
    before = len(fit.read(store, "accuracy").target)
    data = tiny.datasets(tmp_path / "data", n_train=30)
    ingest.dataset(store, str(data["books"]), name="novels")
    ingest.encoder(store, "random:hash?dims=32")
    subset.protocol(store, sizes=[8, 16], n_seeds=2, probes=["logistic"])
    measured(store)
    assert len(fit.read(store, "accuracy").target) > before


def test_nothing_of_the_texts_is_in_any_file(source, folder):
    content = readable(folder)
    split, artifact = TABLES["split"], TABLES["artifact"]
    texts = set()
    for row in source.rows(sa.select(split)):
        table = source.artifacts.table(row["examples_hash"])
        texts |= {text for name in table.column_names if name != "label"
                  for text in table[name].to_pylist()}  # fmt: skip
    assert len(texts) > 100
    assert not [text for text in texts if text in content]
    hashes = [row["hash"] for row in source.rows(sa.select(artifact))]
    assert len(hashes) > 10
    assert not [name for name in hashes if name in content]


def readable(place: Path) -> str:
    """Return all that the files say, as text."""
    parts = []
    for path in place.iterdir():
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            parts += [str(table.schema.metadata), *map(str, table.to_pylist())]
        else:
            parts.append(path.read_text(encoding="utf-8"))
    return "\n".join(parts)


# --- folders of this machine


def test_no_folder_of_this_machine_is_named(source, folder, done):
    assert str(done) in str([row["spec"] for row in source.rows(sa.select(TABLES["encoder"]))])
    content = readable(folder)
    assert "array:lab/vectors" in content
    assert str(done) not in content
    assert str(Path.home()) + "/" not in content


def test_an_encoder_without_a_public_name_is_refused(source, tmp_path):
    with pytest.raises(InputError, match=r"vectors.npz' is named by a folder .*--public"):
        figures.export(source, tmp_path / "figures")
    assert not list(tmp_path.glob("*figures*"))


def test_a_relative_folder_is_one_too(sqlite_store, tmp_path, monkeypatch):
    world.fill(sqlite_store)
    (tmp_path / "lab" / "mini").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    change(sqlite_store, "encoder", {"spec": "st:lab/mini", "name": "lab/mini"}, name="a")
    with pytest.raises(InputError, match="lab/mini"):
        figures.export(sqlite_store, tmp_path / "figures")
    figures.export(sqlite_store, tmp_path / "figures", public={"lab/mini": "org/mini"})
    assert "st:org/mini" in readable(tmp_path / "figures")


def test_the_checkpoint_of_a_control_is_a_folder_too(sqlite_store, tmp_path):
    world.fill(sqlite_store)
    control = {"spec": "random:st//data/mini?layer=2", "name": "st//data/mini"}
    change(sqlite_store, "encoder", control, name="a")
    with pytest.raises(InputError, match="named by a folder"):
        figures.export(sqlite_store, tmp_path / "figures")
    figures.export(sqlite_store, tmp_path / "figures", public={"mini": "org/mini"})
    assert "random:st/org/mini?layer=2" in readable(tmp_path / "figures")


def change(store, table: str, values: dict, **where) -> None:
    columns = TABLES[table].c
    same = [columns[name] == value for name, value in where.items()]
    with store.write() as writer:
        assert writer.execute(TABLES[table].update().where(*same).values(**values))


@pytest.mark.parametrize(("table", "values"), [
    ("dataset", {"source": "files:/home/me/reviews.csv"}),
    ("dataset", {"extra": {"notes": [{"from": "~/data"}]}}),
    ("dataset", {"license": "see ../LICENSE"}),
    ("encoder", {"extra": {"folder": "C:\\models\\mini"}}),
    ("encoder", {"lineage": "/models/mini"}),
    ("encoder", {"lineage": "st//models/mini"}),
])  # fmt: skip
def test_a_path_anywhere_is_refused(sqlite_store, tmp_path, table, values):
    world.fill(sqlite_store)
    change(sqlite_store, table, values, id=1)
    with pytest.raises(InputError, match=rf"{table}\.{next(iter(values))} holds .* a path"):
        figures.export(sqlite_store, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_what_only_looks_like_a_path_is_not(sqlite_store, tmp_path):
    world.fill(sqlite_store)
    plain = {"source": "https://a.org/b/c", "license": "MIT / Apache-2.0 (and/or)",
             "classes": ["/r/news", "./x"]}  # fmt: skip
    change(sqlite_store, "dataset", plain, id=1)
    figures.export(sqlite_store, tmp_path / "figures")


def test_two_encoders_of_one_public_name_are_refused(sqlite_store, tmp_path):
    world.fill(sqlite_store)
    for name in "ab":
        change(sqlite_store, "encoder", {"spec": f"st:/x/{name}", "name": f"/x/{name}"}, name=name)
    with pytest.raises(InputError, match="both be st:org/m"):
        figures.export(sqlite_store, tmp_path / "figures", public={"a": "org/m", "b": "org/m"})


# --- what leaves and what does not


def test_results_of_others_stay_behind(sqlite_store, tmp_path):
    small = small_registry.fill(sqlite_store)
    figures.export(sqlite_store, tmp_path / "figures")
    card = json.loads((tmp_path / "figures" / "card.json").read_text())
    assert card["rows"]["result"] == (small.cells["origin"] == "measured").sum()
    assert "gamma" not in readable(tmp_path / "figures")


def test_accuracies_that_are_no_number_of_rows_are_rounded(store, tmp_path):
    world.fill(store)
    figures.export(store, tmp_path / "figures")
    with stores.open(f"sqlite:///{tmp_path / 'third.db'}", create=True) as third:
        figures.load(third, tmp_path / "figures")
        ours, theirs = meaning(store)["result"], meaning(third)["result"]
        assert set(ours) == set(theirs)
        for key, row in theirs.items():
            assert row["accuracy"] == pytest.approx(ours[key]["accuracy"], rel=2**-12.99)


def test_a_registry_without_results_has_no_figures(sqlite_store, tmp_path):
    with pytest.raises(InputError, match="no results"):
        figures.export(sqlite_store, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_ids_do_not_matter(sqlite_store, tmp_path):
    world.fill(sqlite_store, encoders="b", datasets="y")
    world.fill(sqlite_store, encoders="ba", datasets="yx")
    figures.export(sqlite_store, tmp_path / "first")
    with stores.open(f"sqlite:///{tmp_path / 'other.db'}", create=True) as other:
        world.fill(other)
        figures.export(other, tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_a_value_not_computed_is_told_from_one_not_defined(sqlite_store, tmp_path):
    world.fill(sqlite_store)
    values = TABLES["feature_value"]
    with sqlite_store.write() as writer:
        gone = writer.execute(values.delete().where(values.c.encoder_id == 1, values.c.feature_id
                                                    == 1))  # fmt: skip
    undefined = len(sqlite_store.rows(sa.select(values).where(values.c.value.is_(None))))
    assert min(gone, undefined) > 0
    figures.export(sqlite_store, tmp_path / "figures")
    with stores.open(f"sqlite:///{tmp_path / 'third.db'}", create=True) as third:
        figures.load(third, tmp_path / "figures")
        assert third.count("feature_value") == sqlite_store.count("feature_value")
        rows = third.rows(sa.select(values).where(values.c.value.is_(None)))
        assert len(rows) == undefined


# --- the card


def test_the_card_counts_what_is_there(source, folder):
    card = json.loads((folder / "card.json").read_text())
    assert card["rows"]["result"] == source.count("result")
    assert card["values"] == source.count("feature_value")
    assert sum(row["results"] for row in card["datasets"]) == source.count("result")
    assert sum(row["results"] for row in card["encoders"]) == source.count("result")
    assert sum(row["results"] for row in card["protocols"]) == source.count("result")
    assert sum(row["results"] for row in card["probes"]) == source.count("result")
    for name, entry in card["files"].items():
        assert entry["bytes"] == (folder / name).stat().st_size
    rows = source.rows(
        sa.text("""
        SELECT d.name, d.group_name, a.n_rows AS n_train, b.n_rows AS n_test
        FROM dataset d JOIN split a ON a.dataset_id = d.id AND a.name = 'train'
        JOIN split b ON b.dataset_id = d.id AND b.name = 'test' ORDER BY d.name""")
    )
    told = [{name: row[name] for name in ("name", "group_name", "n_train", "n_test")}
            for row in card["datasets"]]  # fmt: skip
    assert told == [dict(row) for row in rows]


def test_the_page_is_made_of_the_card(folder):
    card = json.loads((folder / "card.json").read_text())
    assert (folder / "CARD.md").read_text() == figures.page(card)
    for row in (*card["encoders"], *card["datasets"]):
        assert f"| {row.get('spec') or row['name']} |" in figures.page(card)


def test_gaps_are_said(sqlite_store, tmp_path):
    world.fill(sqlite_store)
    result, values = TABLES["result"], TABLES["feature_value"]
    with sqlite_store.write() as writer:
        subsets = sa.select(TABLES["subset"].c.id).where(TABLES["subset"].c.labels_of_id == 1)
        writer.execute(result.delete().where(result.c.encoder_id == 1,
                                             result.c.train_subset_id.in_(subsets)))  # fmt: skip
        writer.execute(values.delete().where(values.c.encoder_id == 2, values.c.feature_id == 1))
    figures.export(sqlite_store, tmp_path / "figures")
    gaps = json.loads((tmp_path / "figures" / "card.json").read_text())["gaps"]
    assert "random:a has no results on 1 datasets: x" in gaps
    assert "1 features are there for some samples only" in gaps
    assert "the licence of 2 datasets is not recorded" in gaps


# --- an import asks for no work


def test_nothing_is_pending_and_all_checks_pass(store, folder):
    figures.load(store, folder)
    assert [row for row in status.run(store) if row["pending"]] == []
    assert [row for row in check.run(store) if row["rows"]] == []
    assert measured(store) == [0] * 4


def measured(store) -> list[int]:
    """Run the steps that update runs before it fits; return how much each did."""
    done = [shelf.step(name).run(store) for name in update.ORDER]
    assert not any(summary.failed or summary.left for summary in done)
    return [summary.done for summary in done]


def test_only_what_is_ingested_here_is_measured_here(store, folder, tmp_path):
    figures.load(store, folder)
    before = store.count("result")
    data = tiny.datasets(tmp_path / "data")
    ingest.dataset(store, str(data["books"]), name="novels")
    assert store.rows(pending.embeddings()) == []
    assert ingest.encoder(store, "random:hash?dims=32")[0]["new"]
    assert len(store.rows(pending.embeddings())) == 2
    assert not ingest.encoder(store, "random:hash?dims=32")[0]["new"]
    subset.protocol(store, sizes=[8], n_seeds=1, probes=["majority"])
    assert store.get("protocol", name="curve")["sizes"] == [8]
    assert measured(store)[2] == 1
    assert store.count("result") == before + 1


def test_a_protocol_that_came_along_is_declared_like_a_new_one(store, folder):
    figures.load(store, folder)
    assert store.get("protocol", name="curve")["sizes"] is None
    subset.protocol(store)
    plan = store.get("protocol", name="curve")
    assert (tuple(plan["sizes"]), plan["n_seeds"]) == (subset.SIZES, 5)
    assert store.count("protocol_probe") == len(subset.PROBES)
    with pytest.raises(InputError, match="has parameters"):
        subset.protocol(store, "noisy", parameters={"rate": 0.5})


def test_a_cell_that_came_along_is_not_measured_again(store, folder, tmp_path, truth):
    figures.load(store, folder)
    before = store.count("result"), store.count("feature_value")
    tiny.fill(store, tmp_path / "data")
    with store.write() as writer:  # the vectors lie elsewhere here, so it is another encoder
        encoder = TABLES["encoder"]
        writer.execute(encoder.delete().where(encoder.c.spec.like("array:/%")))
    assert measured(store)[1] > 0
    assert (store.count("result"), store.count("feature_value")) == before
    assert sorted(tiny.contents(store)["subset"]) == sorted(truth["subset"])


# --- where the registry says otherwise


def test_what_is_here_stays_and_is_told(store, folder):
    figures.load(store, folder)
    wipe(store, "feature_value", "result")
    change(store, "dataset", {"group_name": "shelf", "task": "mine"}, name="books")
    change(store, "encoder", {"lineage": "mine"}, spec="random:hash?dims=32")
    done = figures.load(store, folder)
    assert store.get("dataset", name="books")["group_name"] == "shelf"
    told = "\n".join(done.notes)
    assert "dataset 'books' keeps its group_name shelf, the reference says books" in told
    assert "encoder 'random:hash?dims=32' keeps its lineage mine" in told
    assert store.count("result") > 0


def wipe(store, *tables: str) -> None:
    with store.write() as writer:
        for name in tables:
            writer.execute(TABLES[name].delete())


def test_a_result_measured_here_stays(store, folder):
    figures.load(store, folder)
    change(store, "result", {"origin": "measured", "accuracy": 0.125, "run_id": None}, encoder_id=1)
    here = len(store.rows(sa.select(TABLES["result"]).where(TABLES["result"].c.encoder_id == 1)))
    figures.load(store, folder)
    rows = store.rows(sa.select(TABLES["result"]).where(TABLES["result"].c.encoder_id == 1))
    assert {row["accuracy"] for row in rows} == {0.125}
    assert len(rows) == here


@pytest.mark.parametrize(("table", "key", "change_to", "name"), [
    ("encoder", {"spec": "random:hash?dims=32"}, {"fingerprint": "other"},
     "random:hash@reference?dims=32"),
    ("dataset", {"name": "books"}, {"fingerprint": "other"}, "books@reference"),
    ("protocol", {"name": "curve"}, {"sampler": "stratified"}, "curve@reference"),
])  # fmt: skip
def test_another_thing_of_the_same_name_stands_beside(store, source, folder, table, key, change_to,
                                                      name):  # fmt: skip
    figures.load(store, folder)
    wipe(store, "feature_value", "result", "subset")
    change(store, table, change_to, **key)
    done = figures.load(store, folder)
    assert any(f"is another one here: the reference's is '{name}'" in note for note in done.notes)
    assert {row[next(iter(key))] for row in store.rows(sa.select(TABLES[table]))} >= {
        name, next(iter(key.values()))
    }  # fmt: skip
    assert store.count("result") == source.count("result")
    again = figures.load(store, folder)
    assert again.done == 0
    assert len(fit.read(store, "accuracy").target) == len(fit.read(source, "accuracy").target)


# --- what is not what it should be


@pytest.fixture
def third(tmp_path):
    """Open an empty registry."""
    with stores.open(f"sqlite:///{tmp_path / 'third.db'}", create=True) as opened:
        yield opened


def refused(third, place, match):
    with pytest.raises(InputError, match=match):
        figures.load(third, place)
    assert not any(counts(third).values())


@pytest.mark.parametrize("table", TABLES_OF)
def test_a_damaged_file_is_seen(third, mine, table):
    file = mine / f"{table}.parquet"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    refused(third, mine, rf"{table}\.parquet is damaged")
    file.write_bytes(bytes([*content[:-9], content[-9] ^ 1, *content[-8:]]))
    refused(third, mine, rf"{table}\.parquet is damaged")
    file.unlink()
    refused(third, mine, "is missing")
    os.symlink("/etc/hostname", file)
    refused(third, mine, "no plain file")


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", "{}", '{"format": 1}', '{"format": 2}', "\x00",
    '{"format": 1, "files": {}}', '{"format": 1, "files": null}',
])  # fmt: skip
def test_a_card_that_is_none_is_refused(third, mine, text):
    (mine / "card.json").write_text(text)
    refused(third, mine, "cannot be imported|another format")


def test_a_folder_of_something_else_is_refused(third, tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        refused(third, place, "no folder of figures")


def rewrite(place: Path, table: str, changed: pa.Table) -> None:
    """Put other rows in a file and vouch for them in the card."""
    pq.write_table(changed, place / f"{table}.parquet")
    card = json.loads((place / "card.json").read_text())
    name = f"{table}.parquet"
    card["files"][name]["sha256"] = _folders.sha256(place / name)
    (place / "card.json").write_text(json.dumps(card))


def with_first(table: pa.Table, column: str, value) -> pa.Table:
    values = [value, *table[column].to_pylist()[1:]]
    place = table.column_names.index(column)
    return table.set_column(place, column, pa.array(values, table.schema.field(column).type))


@pytest.mark.parametrize(("table", "column", "value", "match"), [
    ("result", "encoder", 99, "names a encoder"),
    ("result", "train_subset", -1, "names a subset"),
    ("result", "probe", None, "names a probe"),
    ("result", "accuracy_count", 10**6, "cannot be imported"),
    ("result", "log_loss", -1.0, "cannot be imported"),
    ("feature_value", "eval_subset", 10**6, "names a subset"),
    ("subset", "split_id", 1000, "names a split"),
    ("subset", "role", "other", "cannot be imported"),
    ("subset", "labels_of", "nobody", "cannot be imported"),
    ("encoder", "extra", "{", "cannot be imported"),
    ("encoder", "spec", None, "cannot be imported"),
    ("feature", "kind", "guess", "cannot be imported"),
])  # fmt: skip
def test_rows_that_cannot_be_are_refused_whole(third, mine, table, column, value, match):
    rows = pq.read_table(mine / f"{table}.parquet")
    rewrite(mine, table, with_first(rows, column, value))
    with pytest.raises(InputError, match=match):
        figures.load(third, mine)
    assert not any(counts(third).values())


def test_other_columns_are_refused(third, mine):
    rows = pq.read_table(mine / "feature_value.parquet")
    rewrite(mine, "feature_value", rows.drop_columns([rows.column_names[-1]]))
    refused(third, mine, "other columns")


def test_a_folder_that_is_there_is_left_alone(source, mine):
    before = files(mine)
    with pytest.raises(InputError, match="there already"):
        figures.export(source, mine, public=PUBLIC)
    assert files(mine) == before


# --- what ships


def test_the_reference_ships_or_its_absence_is_said(third):
    place = paths.PACKAGE / "reference"
    if place.exists():
        assert sum(path.stat().st_size for path in place.iterdir()) <= 25e6
        card = json.loads((place / "card.json").read_text())
        assert (place / "CARD.md").read_text() == figures.page(card)
        assert figures.load(third).done > 0
    else:
        with pytest.raises(InputError, match="this build ships no reference data"):
            figures.load(third)
        assert not any(counts(third).values())


def test_the_document_shows_the_card_that_ships():
    page = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()
    shown = page.partition("<!-- card -->\n")[2].partition("<!-- /card -->")[0]
    place = paths.PACKAGE / "reference" / "card.json"
    if place.exists():
        assert shown == _card.markdown(json.loads(place.read_text()))
    else:
        assert shown == "This build ships no reference data.\n"
