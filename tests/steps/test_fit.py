import numpy as np
import pytest
import sqlalchemy as sa

from charz.errors import ArtifactError, InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import fit, ingest, predict, query, subset, update
from tests import tiny


def test_what_fit_sees_is_what_an_analyst_sees(finished):
    table = fit.read(finished, "accuracy")
    shown = query.run(finished, "training_table", parameters={"reach": fit.REACH})
    assert len(table.target) == len(shown)
    assert table.target.tolist() == shown["accuracy"].tolist()
    is_shift = (shown["eval_group"] != shown["group_name"]).to_numpy()
    np.testing.assert_array_equal(table.features["_is_shift"].to_numpy(), is_shift)
    for name in table.features.columns.drop("_is_shift"):
        column = name if name == "n_target" else f"x_{name}"
        np.testing.assert_array_equal(table.features[name].to_numpy(), shown[column].to_numpy())


def test_targets_are_the_measured_results(finished, truth):
    """Rows at the sample's own size, one per result of the reference probe."""
    shown = query.run(finished, "training_table")
    results = [row for row in truth["result"] if row[3] == "logistic"]
    accuracy = [row[4] for row in results]
    assert len(shown) == len(results) > 0
    assert sorted(shown["accuracy"]) == sorted(accuracy)
    values = {(row[0], row[1], row[2], row[3]): row[4] for row in truth["feature_value"]}
    n_train = sorted(v for (*_, name), v in values.items() if name == "n_train")
    assert sorted(shown["x_n_train"]) == n_train


def test_larger_targets_keep_the_smaller_samples_features(finished):
    shown = query.run(finished, "training_table", parameters={"reach": fit.REACH})
    larger = shown[shown["n_target"] > shown["n_train"]]
    assert len(larger) == 3 * 5 * 2  # one step from 8 to 16 rows for each of two seeds
    assert set(larger["n_train"]) == {8}
    assert (larger["x_n_train"] == 8).all()
    key = ["encoder", "dataset", "eval_dataset", "protocol", "seed", "n_eval"]
    own = shown[(shown["n_train"] == 16) & (shown["protocol"] == "curve")]
    joined = larger.merge(own, on=key, suffixes=("", "_own"))
    assert len(joined) == len(larger)
    assert (joined["accuracy"] == joined["accuracy_own"]).all()


def test_fitting_again_changes_nothing(finished, sizes):
    before = sizes(finished)
    assert fit.run(finished).done == 0
    assert sizes(finished) == before
    assert fit.run(finished, metric="log_loss", item="ridge").done == 1
    assert fit.run(finished, metric="log_loss", item="ridge").done == 0


def test_the_report_sets_the_model_beside_its_baselines(finished):
    rows = fit.report(finished)
    methods = {row["method"] for row in rows}
    assert {"mixture", "mixture_told", "constant", "cv"} <= methods
    for row in rows:
        assert row["unit"] == "points"
        assert row["mae"] >= 0
    assert fit.report(finished, "macro_f1") == []


def test_other_rows_make_another_metamodel(finished):
    before = finished.count("metamodel")
    result = TABLES["result"]
    with finished.write() as writer:
        writer.execute(result.delete().where(result.c.encoder_id == 1))
    assert fit.run(finished).done == 1
    assert finished.count("metamodel") == before + 1


def test_held_out_groups_and_lineages_are_not_seen(finished):
    table = fit.read(finished, "accuracy", without_groups=["screen"])
    assert "screen" not in {*table.groups, *table.sources}
    assert {"books", "news-pairs"} <= set(table.groups)
    lineage = finished.get("encoder", spec="tfidf:?dims=16")["lineage"]
    assert lineage not in fit.read(finished, "accuracy", without_lineages=[lineage]).lineages
    with pytest.raises(UnknownNameError, match="scren"):
        fit.read(finished, "accuracy", without_groups=["scren"])
    with pytest.raises(InputError, match="leaves nothing"):
        fit.read(finished, "accuracy", without_groups=sorted({*table.groups, "screen"}))


def test_a_damaged_metamodel_is_fitted_again(finished, truth):
    hash_ = finished.rows(sa.select(TABLES["metamodel"].c.arrays_hash))[0]["arrays_hash"]
    path = finished.artifacts.path(hash_, ".npz")
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\xff\xff\xff\xff")
    with pytest.raises(ArtifactError, match="set aside"):
        predict.newest(finished, "accuracy")
    assert fit.run(finished).done == 1
    assert predict.newest(finished, "accuracy") is not None
    assert tiny.contents(finished) == truth


def test_nothing_to_learn_from_is_an_error(store, tmp_path):
    with pytest.raises(InputError, match="no measured sample"):
        fit.run(store)
    with pytest.raises(UnknownNameError, match="f2"):
        fit.run(store, metric="f2")


def test_one_group_is_fitted_without_a_report(store, tmp_path):
    ingest.dataset(store, str(tiny.datasets(tmp_path / "data")["books"]))
    ingest.encoder(store, "random:hash?dims=8")
    subset.protocol(store, sizes=[8, 16], n_seeds=2, probes=["logistic"])
    update.run(store)
    assert store.count("metamodel") == 1
    assert fit.report(store) == []
