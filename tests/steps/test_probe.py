import math
import warnings

import numpy as np
import pytest
import sqlalchemy as sa
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from charz.probes._logistic.folds import assign
from charz.schema import TABLES
from charz.sources._split import take
from charz.steps import embed, ingest, probe, query, subset, update
from charz.steps._arrays import Arrays
from tests import tiny
from tests.encoders.conftest import build_bert, plain_bert, vocabulary, wordpiece  # noqa: F401

QUICK = "fine_tune?grid=[[0.001,0]]&least_updates=20&epochs=1&folds=2"

GRID = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


def by_hand(X, y, X_eval, y_eval, n_classes):
    """Choose C by cross-validated log-loss and score, all with scikit-learn."""
    X, X_eval = X.astype(float), X_eval.astype(float)
    scale = math.sqrt((X**2).sum(axis=1).mean())
    folds = assign(y, 5)

    def probabilities(C, rows, Z):
        model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X[rows] / scale, y[rows])
        P = np.zeros((len(Z), n_classes))
        P[:, model.classes_] = model.predict_proba(Z / scale)
        return P

    every = np.ones(len(y), dtype=bool)
    losses = {}
    for C in GRID:
        P = np.zeros((len(y), n_classes))
        for fold in np.unique(folds):
            out = folds == fold
            P[out] = probabilities(C, ~out, X[out])
        losses[C] = -np.log(np.clip(P[np.arange(len(y)), y], 1e-15, None)).mean()
    chosen = min(losses, key=losses.get)
    P = probabilities(chosen, every, X_eval)
    loss = -np.log(np.clip(P[np.arange(len(y_eval)), y_eval], 1e-15, None)).mean()
    return {"chosen": chosen, "accuracy": (P.argmax(axis=1) == y_eval).mean(), "log_loss": loss,
            "cv_log_loss": losses[chosen]}  # fmt: skip


def rows_of(store, spec):
    result, encoder, probe_ = (TABLES[name] for name in ("result", "encoder", "probe"))
    query = (
        sa.select(result)
        .join(encoder, encoder.c.id == result.c.encoder_id)
        .join(probe_, probe_.c.id == result.c.probe_id)
        .where(encoder.c.spec == spec, probe_.c.name == "logistic")
    )
    return store.rows(query)


def test_results_are_those_of_scikit_learn(finished):
    compared = 0
    for row in rows_of(finished, "random:hash?dims=32"):
        train, test = (
            finished.get("subset", id=row[f"{role}_subset_id"]) for role in ("train", "eval")
        )
        arrays = Arrays(finished, row["encoder_id"], train["labels_of_id"])
        draw, held = arrays.draw(train["id"]), arrays.draw(test["id"])
        if len(draw.rows) < 16 or np.bincount(draw.labels).min() < 5:
            continue  # every fold sees every class: the plain textbook case
        expected = by_hand(
            arrays.vectors(train["id"])[draw.rows], draw.labels,
            arrays.vectors(test["id"])[held.rows], held.labels, arrays.n_classes(train["id"]),
        )  # fmt: skip
        compared += 1
        assert row["chosen"] == expected.pop("chosen")
        for name, value in expected.items():
            # Folds are solved to a tenth of the precision of the whole.
            rel = 1e-2 if name.startswith("cv_") else 2e-3
            assert row[name] == pytest.approx(value, rel=rel), name
    assert compared >= 3


def test_every_cell_exactly_once(finished):
    """Cells counted by nested loops over the rows of the plan."""
    subsets = finished.rows(sa.select(TABLES["subset"]))
    probes = finished.rows(sa.select(TABLES["protocol_probe"]))
    encoders = finished.rows(sa.select(TABLES["encoder"].c.id))
    wanted = sorted(
        (encoder["id"], train["id"], test["id"], each["probe_id"])
        for encoder in encoders
        for train in subsets
        for test in subsets
        for each in probes
        if train["role"] == "train" and test["role"] == "eval"
        and train["protocol_id"] == test["protocol_id"] == each["protocol_id"]
        and train["labels_of_id"] == test["labels_of_id"]
    )  # fmt: skip
    columns = ("encoder_id", "train_subset_id", "eval_subset_id", "probe_id")
    found = finished.rows(sa.select(*(TABLES["result"].c[name] for name in columns)))
    assert sorted(tuple(row[name] for name in columns) for row in found) == wanted


def test_sizes_and_labels_are_those_of_the_subsets(finished, members):
    for row in rows_of(finished, "tfidf:?dims=16"):
        assert row["n_train"] == len(members(finished, row["train_subset_id"]))
        assert row["n_eval"] == len(members(finished, row["eval_subset_id"]))
        assert row["gap"] <= 1e-5


def test_filters_and_lost_rows_cost_only_themselves(finished, truth):
    result = TABLES["result"]
    with finished.write() as writer:
        writer.execute(result.delete().where(result.c.encoder_id == 2))
    assert probe.run(finished, encoders=["tfidf:*"]).done == 0
    assert probe.run(finished, datasets=["books"]).done > 0
    assert probe.run(finished, encoders=["random:*"]).done > 0
    assert tiny.contents(finished) == truth


def test_a_draw_of_one_class_is_measured(store, tmp_path):
    ingest.dataset(store, str(tiny.datasets(tmp_path / "data")["films"]))
    ingest.encoder(store, "random:hash?dims=8")
    subset.protocol(store, sizes=[1], n_seeds=1)
    summaries = update.run(store)
    assert all(summary.failed == 0 for summary in summaries)
    rows = store.rows(sa.select(TABLES["result"]))
    assert len(rows) == len(subset.PROBES)
    for row in rows:
        assert row["accuracy"] == pytest.approx(0.5)


def test_measures_only_the_draws_asked_for(store, tmp_path):
    tiny.write(tmp_path / "films/train.csv", tiny.rows("films", 45, 0))
    tiny.write(tmp_path / "films/test.csv", tiny.rows("films", 24, 1))
    ingest.dataset(store, str(tmp_path / "films"))
    ingest.encoder(store, "random:hash?dims=8")
    for name in ("curve", "other"):
        subset.protocol(store, name, sizes=[8, 16], n_seeds=2, probes=["ridge", "majority"])
    subset.run(store)
    embed.run(store)
    assert probe.run(store, protocols=["cur*"], n_seeds=1).done == 2 * 2
    for row in store.rows(sa.select(TABLES["result"].c.train_subset_id)):
        train = store.get("subset", id=row["train_subset_id"])
        assert train["seed"] == 0
        assert store.get("protocol", id=train["protocol_id"])["name"] == "curve"
    assert probe.run(store).done == 2 * 2 * 2 * 2 - 4


@pytest.fixture
def tuned(store, tmp_path, build_bert):  # noqa: F811
    """A registry that plans to fine-tune: a checkpoint, and words without weights."""
    pytest.importorskip("sentence_transformers")
    for name in ("books", "films"):
        tiny.write(tmp_path / name / "train.csv", tiny.rows(name, 40, 0))
        tiny.write(tmp_path / name / "test.csv", tiny.rows(name, 20, 1))
        ingest.dataset(store, str(tmp_path / name), label_family="opinion")
    spec = f"st:{build_bert()}"
    ingest.encoder(store, spec)
    ingest.encoder(store, "random:hash?dims=8")
    asked = {"sizes": [12], "n_seeds": 2, "eval_sizes": [10, None]}
    subset.protocol(store, probes=["logistic", QUICK], **asked)
    subset.run(store)
    embed.run(store)
    return store, spec


def named(store, name):
    result, probe_ = TABLES["result"], TABLES["probe"]
    joined = sa.select(result).join(probe_, probe_.c.id == result.c.probe_id)
    return store.rows(joined.where(probe_.c.name == name))


def test_fine_tuning_is_measured_of_encoders_with_weights_alone(tuned):
    from charz.probes import fine_tune

    store, spec = tuned
    done = probe.run(store, datasets=["films"])
    assert (done.failed, done.left) == (0, 0)
    rows = named(store, "fine_tune")
    encoder = store.row("encoder", spec=spec)["id"]
    assert {row["encoder_id"] for row in rows} == {encoder}
    assert len({row["encoder_id"] for row in named(store, "logistic")}) == 2
    assert len(rows) == 2 * 2
    assert all(row["n_train"] == 12 and row["cv_accuracy"] is not None for row in rows)
    row = next(row for row in rows if row["n_eval"] == 20)
    train, test = (store.get("subset", id=row[f"{role}_subset_id"]) for role in ("train", "eval"))
    arrays = Arrays(store, encoder, train["labels_of_id"])
    draw, held = arrays.draw(train["id"]), arrays.draw(test["id"])
    recipe = fine_tune.Recipe(**store.row("probe", name="fine_tune")["parameters"])
    got = fine_tune.fine_tune(
        spec, take(arrays.examples(train["id"]), draw.rows), draw.labels, 2,
        [take(arrays.examples(test["id"]), held.rows)], recipe,
    )  # fmt: skip
    assert row["accuracy"] == (got.probabilities[0].argmax(axis=1) == held.labels).mean()
    assert row["chosen"] == got.chosen
    missing = query.run(store, "missing_cells", parameters={"dataset": "films"})
    assert missing.empty
    checked = query.run(store, "checks/missing_cells")
    assert set(checked["dataset"]) == {"books"}  # nobody asked for those yet
    assert checked["n_missing"].sum() == 2 * 2 * (2 + 1)
    assert probe.run(store, datasets=["films"]).done == 0


def test_a_probe_that_fails_loses_nothing_of_the_others(tuned):
    import shutil

    store, spec = tuned
    shutil.rmtree(spec.removeprefix("st:"))
    done = probe.run(store, datasets=["films"])
    assert done.failed == 2 * 2 * 2  # the unit is told as a whole ...
    encoder = store.row("encoder", spec=spec)["id"]
    rows = [row for row in named(store, "logistic") if row["encoder_id"] == encoder]
    assert len(rows) == 2 * 2  # ... and what was measured of it is there
    assert probe.run(store, datasets=["films"]).failed == 2 * 2
