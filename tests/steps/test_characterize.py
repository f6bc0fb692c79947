import math

import numpy as np
import pytest
import sqlalchemy as sa

from charz import shelf
from charz.errors import UnknownNameError
from charz.sample import Sample
from charz.schema import TABLES
from charz.steps import characterize, embed, ingest, subset, update
from charz.steps._arrays import Arrays
from tests import tiny


def samples_of(store):
    """Return every (encoder, train subset, eval subset) with its values by name."""
    values, feature = TABLES["feature_value"], TABLES["feature"]
    query = sa.select(values, feature.c.name, feature.c.kind).join(
        feature, feature.c.id == values.c.feature_id
    )
    found = {}
    for row in store.rows(query):
        key = (row["encoder_id"], row["train_subset_id"], row["eval_subset_id"])
        found.setdefault(key, {})[row["name"]] = (row["value"], row["kind"])
    return found


def test_values_are_those_of_a_sample_made_by_hand(finished, members):
    """Shifted and plain samples alike, feature by feature, from the arrays themselves."""
    every = samples_of(finished)
    for key in sorted(every)[:: max(1, len(every) // 12)]:
        encoder, train, test = key
        train_row, test_row = (finished.get("subset", id=each) for each in (train, test))
        arrays = Arrays(finished, encoder, train_row["labels_of_id"])
        rows, labels = members(finished, train).T
        n_classes = finished.get("dataset", id=train_row["labels_of_id"])["n_classes"]
        X_eval = arrays.vectors(test)[members(finished, test)[:, 0]]
        sample = Sample(arrays.vectors(train)[rows], labels, X_eval, n_classes)
        assert (sample.n_train, sample.n_eval) == (train_row["n_rows"], test_row["n_rows"])
        for name, (value, kind) in every[key].items():
            expected = by_hand(sample, name, kind)
            if math.isfinite(expected):
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), name
            else:
                assert value is None, name


def by_hand(sample, name, kind):
    if kind == "estimator":
        return shelf.load("estimators", name).estimate(sample)
    items = [item for item in shelf.names("features") if name == item or name.startswith(item)]
    item = max(items, key=len)
    answer = shelf.load("features", item).compute(sample)
    return answer[name.removeprefix(f"{item}_")] if isinstance(answer, dict) else answer


def test_every_sample_has_every_feature(finished):
    names = {row["name"] for row in finished.rows(sa.select(TABLES["feature"].c.name))}
    every = samples_of(finished)
    assert len(every) == 3 * (5 * (4 + 1) + 6)
    for values in every.values():
        assert set(values) == names


def test_eval_labels_cannot_matter(store, tmp_path):
    """The same texts with other labels in the test split: other scores, the same features."""
    found = {}
    for turn in range(2):
        table = tiny.rows("films", 24, 1)
        flip = {"good": "bad", "bad": "good"}
        if turn:
            table = [row | {"label": flip[row["label"]]} for row in table]
        folder = tmp_path / f"films{turn}"
        tiny.write(folder / "train.csv", tiny.rows("films", 45, 0))
        tiny.write(folder / "test.csv", table)
        ingest.dataset(store, str(folder))
    for spec in tiny.ENCODERS:
        ingest.encoder(store, spec)
    subset.protocol(store, sizes=[16], n_seeds=2, probes=["logistic"])
    update.run(store)
    for turn in range(2):
        dataset = store.get("dataset", name=f"films{turn}")["id"]
        subsets = {
            row["id"]: (row["role"], row["n_rows"], row["seed"])
            for row in store.rows(sa.select(TABLES["subset"]))
            if row["labels_of_id"] == dataset
        }
        found[turn] = {
            (encoder, subsets[train], subsets[test]): values
            for (encoder, train, test), values in samples_of(store).items()
            if train in subsets
        }
    assert len(found[0]) == 4
    assert found[0] == found[1]
    results = TABLES["result"]
    scores = store.rows(sa.select(results.c.accuracy).order_by(results.c.train_subset_id))
    half = sorted(row["accuracy"] for row in scores)
    assert half != [0.5] * len(half)


def test_lost_values_cost_only_themselves(finished, truth):
    values, feature = TABLES["feature_value"], TABLES["feature"]
    one = finished.get("feature", name="n_train")["id"]
    with finished.write() as writer:
        gone = writer.execute(values.delete().where(values.c.feature_id == one))
    assert gone == 3 * (5 * (4 + 1) + 6)
    before = finished.count("feature_value")
    assert characterize.run(finished).done == gone
    assert finished.count("feature_value") == before + gone
    assert tiny.contents(finished) == truth
    assert finished.count("feature") == len({row["name"] for row in finished.rows(
        sa.select(feature.c.name))})  # fmt: skip


def test_values_do_not_depend_on_what_is_done_together(finished, truth):
    values = TABLES["feature_value"]
    ids = [row["id"] for row in finished.rows(sa.select(TABLES["subset"].c.id))]
    chance = np.random.default_rng(0)
    chosen = chance.choice(ids, size=len(ids) // 2, replace=False).tolist()
    with finished.write() as writer:
        writer.execute(values.delete().where(values.c.train_subset_id.in_(chosen)))
        writer.execute(values.delete().where(values.c.eval_subset_id.in_(chosen[:5])))
    characterize.run(finished)
    assert tiny.contents(finished) == truth


def test_computes_only_the_samples_asked_for(store, tmp_path):
    """Of two protocols one, of two draws one, of two eval sizes the whole split."""
    tiny.write(tmp_path / "films/train.csv", tiny.rows("films", 45, 0))
    tiny.write(tmp_path / "films/test.csv", tiny.rows("films", 24, 1))
    ingest.dataset(store, str(tmp_path / "films"))
    ingest.encoder(store, "random:hash?dims=8")
    for name in ("curve", "other"):
        plan = {"sizes": [8, 16], "n_seeds": 2, "eval_sizes": [10, None], "probes": ["ridge"]}
        subset.protocol(store, name, **plan)
    subset.run(store)
    embed.run(store)
    assert characterize.run(store, protocols=["cur*"], n_seeds=1, whole_eval=True).done == 2
    for _, train, tested in samples_of(store):
        row, eval_row = store.get("subset", id=train), store.get("subset", id=tested)
        assert store.get("protocol", id=row["protocol_id"])["name"] == "curve"
        assert (row["seed"], eval_row["n_rows"]) == (0, 24)
    assert characterize.run(store).done == 2 * 2 * 2 * 2 - 2
    with pytest.raises(UnknownNameError, match="protocol"):
        characterize.run(store, protocols=["nope"])
