"""The real quickstart, smaller: what it says is what the registry holds, and nothing leaked."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from charz import store as stores
from charz.errors import InputError, OfflineError, UnknownNameError
from charz.metamodels import _bundle
from charz.schema import TABLES
from charz.steps import fit, quickstart
from charz.steps.quickstart import Quickstart
from charz.store import Store

ENCODERS = ("static:wordllama", "static:wordllama?dims=64", "static:glove", "random:hash")
SMALL: dict[str, Any] = {"encoders": ENCODERS, "sizes": (16, 32), "n_seeds": 2, "n_train": 32}
WORK = ("result", "feature_value", "embedding", "subset", "metamodel", "prediction", "outcome")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Run it once."""
    folder = tmp_path_factory.mktemp("quickstart")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARZ_HOME", str(folder / "home"))
        with stores.open(str(folder / "charz.db"), create=True) as store:
            try:
                found = quickstart.run(store, folder, **SMALL)
            except OfflineError as error:
                pytest.skip(f"no package index: {error.problem}")
            yield SimpleNamespace(store=store, folder=folder, found=found)


def _cell(store: Store, found: Quickstart) -> Any:
    """Return the result of the predicted cell, by a join of its own."""
    train, eval_ = TABLES["subset"].alias(), TABLES["subset"].alias()
    result, encoder, probe = TABLES["result"], TABLES["encoder"], TABLES["probe"]
    dataset = TABLES["dataset"]
    joined = (
        result.join(encoder, encoder.c.id == result.c.encoder_id)
        .join(probe, probe.c.id == result.c.probe_id)
        .join(train, train.c.id == result.c.train_subset_id)
        .join(eval_, eval_.c.id == result.c.eval_subset_id)
        .join(dataset, dataset.c.id == train.c.labels_of_id)
    )
    rows = store.rows(
        sa.select(result)
        .select_from(joined)
        .where(
            encoder.c.spec == found.encoder,
            dataset.c.name == found.dataset,
            probe.c.spec == "logistic",
            train.c.n_rows == 32,
            train.c.seed == 0,
        )
    )
    assert len(rows) == 1
    return rows[0]


def test_the_truth_is_the_measured_result(ran: SimpleNamespace) -> None:
    assert ran.found.truth == _cell(ran.store, ran.found)["accuracy"]


def test_a_probe_of_its_own_scores_the_same_from_the_files(ran: SimpleNamespace) -> None:
    # scikit-learn on the written CSV files and freshly encoded texts, at the probe's C.
    from sklearn.linear_model import LogisticRegression

    from charz.records import EncoderSpec
    from charz.steps._encode import load

    with ran.found.labelled.open(newline="") as file:
        labelled = list(csv.DictReader(file))
    with ran.found.unlabelled.open(newline="") as file:
        unlabelled = list(csv.DictReader(file))
    assert len(labelled) == ran.found.forecast.n_train == 32
    assert len(unlabelled) == ran.found.forecast.n_eval
    assert list(unlabelled[0]) == ["text"]
    loaded = load([EncoderSpec.parse(ran.found.encoder)])
    (X_train,) = loaded.encode([row["text"] for row in labelled])
    (X_eval,) = loaded.encode([row["text"] for row in unlabelled])
    scale = np.sqrt((X_train**2).sum(axis=1).mean())
    chosen = _cell(ran.store, ran.found)["chosen"]
    probe = LogisticRegression(C=chosen, tol=1e-10, max_iter=10_000)
    probe.fit(X_train / scale, [row["label"] for row in labelled])
    truth = _labels_of(ran.store, [row["text"] for row in unlabelled])
    score = np.mean(probe.predict(X_eval / scale) == truth)
    assert abs(score - ran.found.truth) < 1.5 / len(truth)  # one tie may fall the other way


def _labels_of(store: Store, texts: list[str]) -> Any:
    dataset = store.get("dataset", name=quickstart.DATASET)
    split = store.get("split", dataset_id=dataset["id"], name="test")
    rows = store.artifacts.table(split["examples_hash"]).to_pylist()
    label_of = {row["text"].strip(): row["label"] for row in rows}
    return np.array([label_of[text.strip()] for text in texts])


def test_the_metamodel_has_seen_neither_group_nor_lineage(ran: SimpleNamespace) -> None:
    everything = fit.read(ran.store, "accuracy")
    assert ran.found.group in everything.groups
    assert ran.found.lineage in everything.lineages
    unseen = fit.read(
        ran.store,
        "accuracy",
        without_groups=[ran.found.group],
        without_lineages=[ran.found.lineage],
    )
    assert ran.found.forecast.provenance["training_fingerprint"] == unseen.fingerprint
    assert ran.found.group not in {*unseen.groups, *unseen.sources}
    assert ran.found.lineage not in unseen.lineages
    kept = (everything.groups != ran.found.group) & (everything.lineages != ran.found.lineage)
    assert len(unseen.target) == kept.sum() > 0
    assert ran.found.forecast.provenance["n_rows"] == kept.sum()
    assert ran.found.forecast.provenance["n_groups"] == 1


def test_other_commands_predict_with_the_metamodel_of_all_rows(ran: SimpleNamespace) -> None:
    from charz.steps import predict

    newest = predict.newest(ran.store, "accuracy")
    assert newest is not None
    assert newest.fingerprint == fit.read(ran.store, "accuracy").fingerprint


def test_predicting_from_the_files_sees_the_same_sample(ran: SimpleNamespace) -> None:
    from charz.steps import predict

    (again,) = predict.files(
        ran.store,
        encoder=ran.found.encoder,
        train=str(ran.found.labelled),
        eval=str(ran.found.unlabelled),
    )
    for name in ("cv", ran.found.best_estimator):
        assert again.baselines[name] == pytest.approx(ran.found.forecast.baselines[name], abs=1e-6)
    assert again.n_eval == ran.found.forecast.n_eval


def test_one_group_promises_nothing(ran: SimpleNamespace) -> None:
    forecast = ran.found.forecast
    assert (forecast.low, forecast.high) == (0, 1)
    assert forecast.low <= forecast.value <= forecast.high


def test_the_prediction_and_its_outcome_are_kept(ran: SimpleNamespace) -> None:
    kept = ran.store.get("prediction", key=ran.found.forecast.provenance["key"])
    assert kept["value"] == ran.found.forecast.value
    assert kept["encoder_spec"] == ran.found.encoder
    assert ran.store.get("outcome", prediction_id=kept["id"])["value"] == ran.found.truth


def test_rows_of_the_answer_stand_beside_the_truth(ran: SimpleNamespace) -> None:
    rows = {row["method"]: row for row in quickstart.table(ran.found)}
    baselines = ran.found.forecast.baselines
    assert {"truth", "metamodel", "cv", "constant", ran.found.best_estimator} <= set(rows)
    assert rows["cv"]["accuracy"] == baselines["cv"]
    assert rows["constant"]["accuracy"] == baselines["constant"]
    for row in rows.values():
        off = 100 * (row["accuracy"] - ran.found.truth)
        assert row["error"] == pytest.approx(off, abs=0.006)


def test_the_best_estimator_is_chosen_on_rows_that_the_metamodel_saw(ran: SimpleNamespace) -> None:
    seen = fit.read(
        ran.store,
        "accuracy",
        without_groups=[ran.found.group],
        without_lineages=[ran.found.lineage],
    )
    errors = {}
    for name in set(ran.found.forecast.baselines) - {"cv", "constant"}:
        off = (seen.features[name] - seen.target).abs()
        errors[name] = off.mean()
    assert errors[ran.found.best_estimator] == min(errors.values())


def test_the_leaderboard_is_the_mean_over_both_corpora(ran: SimpleNamespace) -> None:
    board = {row["encoder"]: row for row in ran.found.leaderboard}
    assert set(board) == set(ENCODERS)
    table = fit.read(ran.store, "accuracy")
    glove = (table.features["n_train"] == 32) & (table.lineages == "glove.6b") & table.at_own_size
    means = [
        table.target[glove & (table.groups == group)].mean() for group in np.unique(table.groups)
    ]
    assert board["static:glove"]["accuracy"] == pytest.approx(np.mean(means))


def test_the_picture_is_a_picture(ran: SimpleNamespace) -> None:
    assert ran.found.picture.read_bytes().startswith(b"\x89PNG")
    assert {curve.name for curve in ran.found.chart.curves} == set(ENCODERS)


def test_again_does_no_work_and_says_the_same(ran: SimpleNamespace) -> None:
    before = {table: ran.store.count(table) for table in WORK}
    again = quickstart.run(ran.store, ran.folder, **SMALL)
    assert [summary.done for summary in again.done] == [0] * len(again.done)
    assert {table: ran.store.count(table) for table in WORK} == before
    assert quickstart.table(again) == quickstart.table(ran.found)
    assert again.leaderboard == ran.found.leaderboard


def test_an_unknown_group_or_lineage_cannot_be_held_out(ran: SimpleNamespace) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bbc_news'"):
        fit.run(ran.store, without_groups=["bbc_new"])
    with pytest.raises(UnknownNameError, match=r"did you mean 'glove\.6b'"):
        fit.run(ran.store, without_lineages=["glove"])
    with pytest.raises(InputError, match="leaves nothing"):
        fit.run(ran.store, without_groups=["bbc_news", "drug_reviews"])


def test_a_stored_metamodel_reads_back(ran: SimpleNamespace) -> None:
    metamodels = TABLES["metamodel"]
    rows = ran.store.rows(sa.select(metamodels).order_by(metamodels.c.id))
    assert len(rows) == 2
    held_out, full = (
        _bundle.from_arrays(ran.store.artifacts.arrays(row["arrays_hash"])) for row in rows
    )
    assert held_out.n_rows < full.n_rows
    assert set(full.groups) == {"bbc_news", "drug_reviews"}
    assert set(held_out.groups) == {"bbc_news"}
    assert ran.found.lineage in full.lineages
    assert ran.found.lineage not in held_out.lineages


def test_everything_is_in_the_folder(ran: SimpleNamespace) -> None:
    assert {path.name for path in ran.folder.iterdir()} >= {
        "charz.db", "charz.artifacts", "learning-curve.png", "labelled.csv", "new.csv",
    }  # fmt: skip
