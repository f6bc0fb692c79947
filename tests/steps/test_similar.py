import math

import numpy as np
import pytest
import sqlalchemy as sa

from charz.errors import InputError, RegistryError, UnknownNameError
from charz.schema import TABLES
from charz.steps import _gains, embed, ingest, probe, similar, subset
from charz.steps._arrays import Arrays
from charz.steps._gains import Gain
from tests import tiny

ENCODER = "random:hash?dims=32"


@pytest.fixture(scope="module")
def pooled(tmp_path_factory):
    """Fill a registry whose pooled cells are measured; tests only read its results."""
    from charz import store as stores

    folder = tmp_path_factory.mktemp("pooled")
    with stores.open(f"sqlite:///{folder / 'charz.db'}", create=True) as store:
        folders = tiny.datasets(folder / "data")
        for name, facts in tiny.FACTS.items():
            ingest.dataset(store, str(folders[name]), **facts)
        for spec in tiny.ENCODERS:
            ingest.encoder(store, spec)
        plan = {"sizes": [8, 16], "n_seeds": 2, "probes": ["logistic"]}
        subset.protocol(store, "pooled", sampler="pooled", parameters={"most": 12}, **plan)
        for step in (subset, embed, probe):
            assert step.run(store).failed == 0
        yield store, folders


def test_a_pooled_subset_is_its_base_and_rows_of_one_other_dataset(pooled):
    store, _ = pooled
    table = TABLES["subset"]
    rows = store.rows(sa.select(table).where(table.c.base_id.is_not(None)))
    # books with films and clips, each of these with books, and the pairs with each other
    assert len(rows) == (2 + 1 + 1 + 1 + 1) * 2 * 2
    for row in rows:
        base = store.get("subset", id=row["base_id"])
        split = store.get("split", id=row["split_id"])
        own, other = (store.get("dataset", id=each)
                      for each in (row["labels_of_id"], split["dataset_id"]))  # fmt: skip
        assert own["label_family"] == other["label_family"]
        assert own["group_name"] != other["group_name"]
        assert row["n_rows"] == base["n_rows"] + 12
        members = store.artifacts.array(row["members_hash"])
        labels = store.artifacts.table(split["examples_hash"])["label"].to_pylist()
        assert [labels[i] for i, _ in members] == [own["classes"][code] for _, code in members]
        added = np.bincount(members[:, 1], minlength=own["n_classes"])
        assert row["class_counts"] == (added + base["class_counts"]).tolist()


def test_texts_of_pooled_rows_stand_where_their_vectors_do(pooled):
    store, _ = pooled
    subsets = TABLES["subset"]
    rows = store.rows(sa.select(subsets).where(subsets.c.base_id.is_not(None)))
    encoder = store.row("encoder", spec=ENCODER)["id"]
    assert rows
    for row in rows:
        arrays = Arrays(store, encoder, row["labels_of_id"])
        found, X = arrays.examples(row["id"]), arrays.vectors(row["id"])
        vector_of = {}
        for text in zip(found.texts, found.pairs or found.texts, X, strict=True):
            vector = vector_of.setdefault(text[:2], text[2])
            assert np.array_equal(vector, text[2])
        assert len(np.unique(X, axis=0)) > len(vector_of) / 2  # they differ as the texts do


def test_every_pair_of_a_family_and_two_groups_is_measured(pooled):
    store, _ = pooled
    gains = _gains.measured(store, store.get("encoder", spec=ENCODER)["id"], "opinion")
    assert {(each.target, each.source) for each in gains} == {
        ("books", "films"), ("books", "clips"), ("films", "books"), ("clips", "books"),
    }  # fmt: skip
    assert {(each.n_train, each.n_added, len(each.draws)) for each in gains} == {
        (8, 12, 2), (16, 12, 2),
    }  # fmt: skip


def test_pooled_results_leave_other_questions_alone(pooled):
    store, _ = pooled
    from charz.warehouse import Warehouse

    with Warehouse(store) as warehouse:
        assert set(warehouse.run("SELECT DISTINCT n_train FROM cell")["n_train"]) == {8, 16}


def test_a_dataset_is_compared_with_all_others_and_kept(pooled):
    store, _ = pooled
    found = similar.similar_tasks(store, "films", encoder=ENCODER)
    assert [row["dataset"] for row in found.tasks] == ["clips", "books"]
    assert "same group 'screen'" in found.notes[0]
    kept = store.count("task_embedding")
    assert kept == 5 * 3
    again = similar.similar_tasks(store, "films", encoder=ENCODER)
    assert again.tasks == found.tasks
    assert store.count("task_embedding") == kept


def test_a_file_of_a_datasets_own_rows_is_nearest_to_it(pooled):
    store, folders = pooled
    for name in ("books", "films"):
        found = similar.similar_tasks(
            store, train=str(folders[name] / "train.csv"), encoder=ENCODER, label_family="opinion"
        )
        assert found.tasks[0]["dataset"] == name
        assert found.tasks[0]["text_mean"] == pytest.approx(1, abs=1e-5)
        assert {row["basis"] for row in found.transfer} == {"not measured"}


def test_gains_are_differences_on_the_same_eval_rows(pooled):
    store, _ = pooled
    found = similar.similar_tasks(store, "books", encoder=ENCODER, by="text").transfer
    (row,) = [row for row in found if row["source"] == "clips" and row["n_train"] == 16]
    query = """
        SELECT avg(r.accuracy - b.accuracy) AS gain
        FROM subset AS t JOIN subset AS u ON u.id = t.base_id
        JOIN result AS r ON r.train_subset_id = t.id
        JOIN result AS b ON b.train_subset_id = u.id AND b.encoder_id = r.encoder_id
        JOIN encoder AS e ON e.id = r.encoder_id JOIN split AS s ON s.id = t.split_id
        JOIN dataset AS d ON d.id = s.dataset_id JOIN dataset AS o ON o.id = t.labels_of_id
        WHERE e.spec = :spec AND d.name = 'clips' AND o.name = 'books' AND u.n_rows = 16"""
    (told,) = store.rows(sa.text(query).bindparams(spec=ENCODER))
    assert row["gain"] == pytest.approx(told["gain"])
    assert row["low"] < row["gain"] < row["high"]
    assert (row["basis"], row["n_added"], row["n_draws"]) == ("measured", 12, 2)


def line(n_targets=8):
    """Return gains on a line over alignments, and the alignments."""
    angles = {(f"t{i}", f"s{j}"): (i + 3 * j) / 40 for i in range(n_targets) for j in range(4)}
    return [
        Gain(
            target,
            target,
            source,
            source,
            16,
            100,
            (0.3 * angle - 0.1 + (-1) ** int(target[1:]) / 100,),
        )
        for (target, source), angle in angles.items()
    ], angles


def test_what_is_expected_lies_on_the_line_of_least_squares():
    known, angles = line()
    x, y = np.array(list(angles.values())), np.array([each.mean for each in known])
    slope, start = np.polyfit(x, y, 1)
    found = _gains.expected(known, angles, 0.5, 16, 0.9)
    assert found.gain == pytest.approx(start + 0.5 * slope)
    assert found.high - found.gain == pytest.approx(found.gain - found.low)
    assert 0.01 < found.high - found.gain < 0.02


def test_what_is_expected_is_unknown_without_enough_to_learn_from():
    known, angles = line()
    assert math.isnan(_gains.expected(known, angles, 0.5, 64, 0.9).gain)
    assert math.isnan(_gains.expected(known, angles, math.nan, 16, 0.9).gain)
    assert math.isnan(_gains.expected(*line(4), 0.5, 16, 0.9).gain)


@pytest.mark.parametrize(("arguments", "error", "word"), [
    ({"dataset": "bokks"}, UnknownNameError, "books"),
    ({"dataset": "*s"}, InputError, "matches"),
    ({}, InputError, "not both"),
    ({"dataset": "books", "train": "x.csv"}, InputError, "not both"),
    ({"dataset": "books", "by": "vibes"}, InputError, "vibes"),
    ({"dataset": "books", "top": 0}, InputError, "top"),
    ({"dataset": "books", "level": 1.0}, InputError, "level"),
    ({"dataset": "books", "encoder": "tfidf:?dims=16"}, InputError, "fitted"),
    ({"dataset": "books", "encoder": "random:hash?dims=8"}, RegistryError, "no encoder"),
    ({"train": "missing.csv"}, InputError, "missing.csv"),
])  # fmt: skip
def test_what_cannot_be_answered_is_refused(pooled, arguments, error, word):
    with pytest.raises(error, match=word):
        similar.similar_tasks(pooled[0], **arguments)


def test_an_empty_registry_says_what_to_do(store):
    with pytest.raises(RegistryError, match="no embedded task") as caught:
        similar.similar_tasks(store, train="x.csv")
    assert "charz embed" in caught.value.remedy
