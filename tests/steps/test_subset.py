from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa

from charz.errors import InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import ingest, subset
from tests import tiny


def filled(store, tmp_path, *names):
    folders = tiny.datasets(tmp_path / "data")
    for name in names or ("books", "films"):
        ingest.dataset(store, str(folders[name]), **tiny.FACTS[name])


def labels_of(store, name, split):
    """Return the labels of a split as its file has them."""
    dataset = store.get("dataset", name=name)
    row = store.get("split", dataset_id=dataset["id"], name=split)
    return store.artifacts.table(row["examples_hash"])["label"].to_pylist()


def drawn(store, role="train", **where):
    table = TABLES["subset"]
    same = [table.c[name] == value for name, value in (where | {"role": role}).items()]
    rows = store.rows(sa.select(table).where(*same).order_by(table.c.seed, table.c.n_rows))
    return [SimpleNamespace(**row) for row in rows]


def test_prefixes_are_nested_and_each_names_its_parent(store, tmp_path, members):
    filled(store, tmp_path, "books")
    subset.protocol(store, sizes=[4, 9, 30, 1000], n_seeds=3, eval_sizes=[5, None])
    assert subset.run(store).done == 3 * 3 + 2
    for seed in range(3):
        chain = drawn(store, seed=seed)
        assert [each.n_rows for each in chain] == [4, 9, 30]
        assert [each.parent_id for each in chain] == [chain[1].id, chain[2].id, None]
        rows = [members(store, each.id) for each in chain]
        for small, large in pairwise(rows):
            assert (small == large[: len(small)]).all()
        assert len(set(rows[-1][:, 0])) == 30
    small, whole = drawn(store, "eval")
    assert (small.n_rows, whole.n_rows, small.parent_id) == (5, 24, whole.id)
    orders = {tuple(members(store, each.id)[:, 0]) for each in drawn(store, n_rows=30)}
    assert len(orders) == 3


def test_members_carry_the_labels_of_the_file(store, tmp_path, members):
    filled(store, tmp_path, "books")
    subset.run(store)
    classes = store.get("dataset", name="books")["classes"]
    for role, split in (("train", "train"), ("eval", "test")):
        labels = labels_of(store, "books", split)
        for each in drawn(store, role):
            rows = members(store, each.id)
            assert [labels[row] for row, _ in rows] == [classes[code] for _, code in rows]
            assert each.class_counts == np.bincount(rows[:, 1], minlength=3).tolist()


def test_per_label_sizes_count_rows_of_each_class(store, tmp_path):
    filled(store, tmp_path, "books")
    subset.protocol(store, "few", sampler="per_label", sizes=[2, 5], n_seeds=1)
    subset.run(store)
    assert [each.class_counts for each in drawn(store)] == [[2, 2, 2], [5, 5, 5]]


def test_label_noise_changes_labels_alone(store, tmp_path, members):
    filled(store, tmp_path, "books")
    subset.protocol(store, sizes=[40], n_seeds=2)
    noise = {"rate": 0.5}
    subset.protocol(store, "noisy", sampler="label_noise", parameters=noise, sizes=[40], n_seeds=2)
    subset.run(store)
    ids = {name: store.get("protocol", name=name)["id"] for name in ("curve", "noisy")}
    for seed in range(2):
        clean, noisy = (
            members(store, drawn(store, seed=seed, protocol_id=ids[name])[0].id)
            for name in ("curve", "noisy")
        )
        assert (clean[:, 0] == noisy[:, 0]).all()
        assert 0 < (clean[:, 1] != noisy[:, 1]).sum() < 40
    evals = {each.protocol_id: members(store, each.id) for each in drawn(store, "eval")}
    labels = labels_of(store, "books", "test")
    classes = store.get("dataset", name="books")["classes"]
    for rows in evals.values():
        assert [classes[code] for _, code in rows] == [labels[row] for row, _ in rows]


def test_shift_goes_to_other_groups_of_the_family_by_class_name(store, tmp_path, members):
    filled(store, tmp_path, *tiny.FACTS)
    subset.protocol(store, "shift", sampler="shifted", sizes=[16], n_seeds=1)
    subset.run(store)
    names = {row["id"]: row["name"] for row in store.rows(sa.text("SELECT id, name FROM dataset"))}
    splits = store.rows(sa.text("SELECT id, dataset_id FROM split"))
    owner = {row["id"]: names[row["dataset_id"]] for row in splits}
    pairs = {(names[each.labels_of_id], owner[each.split_id]) for each in drawn(store, "eval")}
    # films and clips are one group; opinions and pairs are two families.
    assert pairs == {
        ("books", "films"), ("books", "clips"), ("films", "books"), ("clips", "books"),
        ("news-pairs", "chat-pairs"), ("chat-pairs", "news-pairs"),
    }  # fmt: skip
    for each in drawn(store, "eval"):
        classes = store.get("dataset", id=each.labels_of_id)["classes"]
        labels = labels_of(store, owner[each.split_id], "test")
        rows = members(store, each.id)
        assert [classes[code] for _, code in rows] == [labels[row] for row, _ in rows]
        # Rows of a class that training does not know are left out, all others are there.
        assert len(rows) == sum(label in classes for label in labels)


def test_a_dataset_without_family_is_not_shifted(store, tmp_path):
    folders = tiny.datasets(tmp_path / "data")
    for name in ("books", "films"):
        ingest.dataset(store, str(folders[name]))
    subset.protocol(store, "shift", sampler="shifted", sizes=[16], n_seeds=1)
    assert subset.run(store).done == 0


def test_a_draw_may_hold_one_class(store, tmp_path):
    filled(store, tmp_path, "films")
    subset.protocol(store, sizes=[1], n_seeds=1)
    subset.run(store)
    (only,) = drawn(store)
    assert sorted(only.class_counts) == [0, 1]


def test_a_protocol_is_extended_by_what_is_given(store, tmp_path, members):
    filled(store, tmp_path, "books")
    subset.protocol(store, sizes=[8, 16], n_seeds=2, eval_sizes=[None], probes=["majority"])
    subset.run(store)
    before = {each.id: members(store, each.id).tolist() for each in drawn(store)}
    subset.protocol(store, sizes=[12])
    subset.protocol(store, n_seeds=3)
    subset.protocol(store, eval_sizes=[10], probes=["centroid"])
    plan = store.get("protocol", name="curve")
    assert (plan["sizes"], plan["n_seeds"], plan["eval_sizes"]) == ([8, 12, 16], 3, [10, None])
    assert store.count("protocol_probe") == 2
    assert subset.run(store).done > 0
    assert len(drawn(store)) == 3 * 3
    after = {each.id: members(store, each.id).tolist() for each in drawn(store)}
    assert after | before == after
    assert [each.n_rows for each in drawn(store, seed=0)] == [8, 12, 16]
    chain = drawn(store, seed=0)
    assert chain[0].parent_id == chain[1].id
    assert subset.run(store).done == 0


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"sampler": "stratified"}, InputError, "has sampler random"),
        ({"n_seeds": 0}, InputError, "sizes and seeds"),
        ({"sizes": []}, InputError, "sizes and seeds"),
        ({"eval_sizes": [0]}, InputError, "sizes and seeds"),
        ({"sampler": "randon"}, UnknownNameError, "randon"),
        ({"probes": ["logistik"]}, UnknownNameError, "logistik"),
        ({"probes": ["logistic?c=1"]}, UnknownNameError, "c"),
        ({"probes": ["logistic?C=one"]}, InputError, "JSON"),
        ({"parameters": {"rate": 0.1}}, UnknownNameError, "rate"),
    ],
)
def test_what_makes_no_protocol_is_refused(store, change, error, says):
    if change != {"sampler": "randon"}:
        subset.protocol(store)
    before = store.rows(sa.text("SELECT * FROM protocol"))
    with pytest.raises(error, match=says):
        subset.protocol(store, **change)
    assert store.rows(sa.text("SELECT * FROM protocol")) == before


def test_lost_members_are_drawn_again(store, tmp_path, members):
    filled(store, tmp_path, "books")
    subset.protocol(store, sizes=[8], n_seeds=1)
    subset.run(store)
    (one,) = drawn(store)
    before = members(store, one.id)
    store.artifacts.fs.rm(store.artifacts.path(one.members_hash, ".npy"))
    subset.run(store)
    assert (members(store, one.id) == before).all()


def test_one_protocols_failure_is_not_forgotten_by_another(store, tmp_path):
    """Only the shifted protocol reads the split that is lost."""
    filled(store, tmp_path, "books", "films")
    subset.protocol(store, "a-shift", sampler="shifted", sizes=[8], n_seeds=1)
    subset.protocol(store, "b-curve", sizes=[8], n_seeds=1)
    films = store.get("dataset", name="films")
    lost = store.get("split", dataset_id=films["id"], name="test")["examples_hash"]
    path = store.artifacts.path(lost, ".parquet")
    store.artifacts.fs.mv(path, path + ".away")
    summary = subset.run(store, datasets=["books"])
    assert (summary.failed, store.count("failure")) == (1, 1)
    assert "a-shift of books" in summary.notes[0]
    store.artifacts.fs.mv(path + ".away", path)
    assert subset.run(store, datasets=["books"]).failed == 0
    assert store.count("failure") == 0


def test_tasks_made_of_classes_have_train_and_eval_rows_of_their_own(store, tmp_path, members):
    rows = [f"text {i} of {i % 4},{'abcd'[i % 4]}\n" for i in range(160)]
    (tmp_path / "four.csv").write_text("text,label\n" + "".join(rows))
    ingest.dataset(store, str(tmp_path / "four.csv"))
    subset.protocol(store, "derived", sampler="derived", sizes=[8, 16], n_seeds=6)
    subset.run(store)
    classes = store.get("dataset", name="four")["classes"]
    for seed in range(1, 7):
        trains, evals = drawn(store, seed=seed), drawn(store, "eval", seed=seed)
        assert [each.n_rows for each in trains] == [8, 16]
        assert len(evals) == 1
        new_of = {}
        for split, each in [("train", trains[-1]), ("test", evals[0])]:
            labels = labels_of(store, "four", split)
            for row, code in members(store, each.id):
                assert new_of.setdefault(labels[row], code) == code
            assert len(each.class_counts) == len(set(new_of.values()))
            assert sum(each.class_counts) == each.n_rows
        whole = sum(label in new_of for label in labels_of(store, "four", "test"))
        is_even = seed % 4 < 2
        assert (evals[0].n_rows == whole) if is_even else (0 < evals[0].n_rows < whole)
        n_new = len(set(new_of.values()))
        assert 2 <= n_new < len(classes)
        # Some of the classes as they are, or all of them together in fewer.
        assert len(new_of) == (n_new if seed % 2 == 0 else len(classes))
    assert not drawn(store, seed=0)
