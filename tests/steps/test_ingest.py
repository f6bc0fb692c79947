import math

import numpy as np
import pytest

from charz.errors import InputError, UnknownNameError
from charz.steps import ingest
from tests import tiny


@pytest.fixture
def folders(tmp_path):
    return tiny.datasets(tmp_path / "data")


def test_ingesting_a_dataset_again_changes_nothing(store, folders, sizes):
    first = ingest.dataset(store, str(folders["books"]))
    before, row = sizes(store), store.get("dataset", name="books")
    second = ingest.dataset(store, str(folders["books"]))
    assert (first["new"], second["new"]) == (True, False)
    assert first | {"new": False} == second
    assert (sizes(store), store.get("dataset", name="books")) == (before, row)


def test_what_is_recorded_is_in_the_files(store, tmp_path):
    train = [{"text": f"this is a plain english sentence number {i}", "label": label}
             for i, label in enumerate(["a"] * 6 + ["b"] * 2)]  # fmt: skip
    test = [{"text": train[0]["text"], "label": "a"}, {"text": "wholly unseen", "label": "b"},
            {"text": "of a class that training lacks", "label": "c"}]  # fmt: skip
    tiny.write(tmp_path / "d" / "train.csv", train)
    tiny.write(tmp_path / "d" / "test.csv", test)
    said = ingest.dataset(store, str(tmp_path / "d"))
    row = store.get("dataset", name="d")
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert row["balance"] == pytest.approx(entropy)
    assert (row["language"], row["n_overlap"], row["classes"]) == ("en", 1, ["a", "b"])
    assert row["median_words"] == 8
    assert said["skipped"] == row["extra"]["skipped"]
    assert sum(said["skipped"].values()) == 1
    splits = {name: store.get("split", dataset_id=row["id"], name=name)
              for name in ("train", "test")}  # fmt: skip
    assert splits["train"]["class_counts"] == [6, 2]
    assert splits["test"]["class_counts"] == [1, 1]
    kept = store.artifacts.table(splits["train"]["examples_hash"]).to_pylist()
    assert kept == train


def test_a_name_is_never_given_to_other_texts(store, folders, sizes):
    ingest.dataset(store, str(folders["books"]))
    before = sizes(store)
    tiny.write(folders["books"] / "train.csv", tiny.rows("books", 45, seed=5))
    with pytest.raises(InputError, match="registered with other texts"):
        ingest.dataset(store, str(folders["books"]))
    assert sizes(store) == before
    assert ingest.dataset(store, str(folders["books"]), name="books-2")["new"]


def test_facts_are_updated_only_by_who_says_them(store, folders):
    ingest.dataset(store, str(folders["films"]), group="screen", license="CC0")
    ingest.dataset(store, str(folders["films"]), task="opinion")
    row = store.get("dataset", name="films")
    assert (row["group_name"], row["license"], row["task"]) == ("screen", "CC0", "opinion")
    ingest.dataset(store, str(folders["films"]), group="films")
    assert store.get("dataset", name="films")["group_name"] == "films"


def test_lost_examples_come_back_by_ingesting_again(store, folders):
    ingest.dataset(store, str(folders["books"]))
    split = store.row("split", name="train")
    path = store.artifacts.path(split["examples_hash"], ".parquet")
    store.artifacts.fs.rm(path)
    ingest.dataset(store, str(folders["books"]))
    assert store.artifacts.table(split["examples_hash"]).num_rows == 45


def test_an_encoder_is_registered_once(store, sizes):
    first = ingest.encoder(store, "random:hash?dims=8,16")
    assert [(row["n_dims"], row["new"]) for row in first] == [(8, True), (16, True)]
    before = sizes(store)
    again = ingest.encoder(store, "random:hash?dims=8")
    assert [row["new"] for row in again] == [False]
    assert sizes(store) == before


def test_changed_weights_are_refused(store, tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, embeddings=np.eye(2, dtype=np.float32), texts=np.array(["a", "b"]))
    ingest.encoder(store, f"array:{path}")
    ingest.encoder(store, f"array:{path}")
    np.savez(path, embeddings=2 * np.eye(2, dtype=np.float32), texts=np.array(["a", "b"]))
    with pytest.raises(InputError, match="weights"):
        ingest.encoder(store, f"array:{path}")


def test_an_unknown_kind_registers_nothing(store):
    with pytest.raises(UnknownNameError, match="randon"):
        ingest.encoder(store, "randon:hash")
    assert store.count("encoder") == 0
