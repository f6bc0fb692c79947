"""Simulated labelling in the registry: what is drawn, measured, and never learned from."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from charz.acquisition._simulate import simulate
from charz.errors import InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import characterize, ingest, probe, query, subset, update
from charz.steps._arrays import training_vectors
from tests import tiny


@pytest.fixture
def simulated(store, tmp_path):
    """A registry with two encoders and one simulated protocol of each."""
    folders = tiny.datasets(tmp_path / "data")
    ingest.dataset(store, str(folders["books"]), **tiny.FACTS["books"])
    for spec in tiny.ENCODERS:
        ingest.encoder(store, spec)
        subset.protocol(
            store, f"label/max_herding/{spec}", sampler="acquired",
            parameters={"strategy": "max_herding", "encoder": spec, "rounds": [6, 12]},
            sizes=[6, 12], n_seeds=1, probes=["logistic"],
        )  # fmt: skip
    return store


def test_acquired_subsets_wait_for_vectors_and_are_what_the_strategy_picks(simulated):
    assert subset.run(simulated).done == 2  # eval subsets alone
    update.run(simulated)
    assert subset.run(simulated).done == 4
    assert subset.run(simulated).done == 0
    for spec in tiny.ENCODERS:
        plan = simulated.get("protocol", name=f"label/max_herding/{spec}")
        table = TABLES["subset"]
        row, *_ = simulated.rows(
            sa.select(table).where(
                table.c.protocol_id == plan["id"], table.c.role == "train", table.c.n_rows == 12
            )
        )
        members = simulated.artifacts.array(row["members_hash"])
        dataset = simulated.get("dataset", name="books")
        X = training_vectors(simulated, spec, dataset["id"])
        order = simulate(X, _codes(simulated, dataset), 3, "max_herding", 0, (6, 12))
        assert np.array_equal(members[:, 0], order.rows)
        assert np.array_equal(members[:, 1], order.labels)


def test_acquired_members_are_read_while_they_are_there_and_picked_again_once_lost(
    simulated, monkeypatch
):
    update.run(simulated)
    subset.run(simulated)
    table = TABLES["subset"]
    row = simulated.rows(sa.select(table).where(table.c.role == "train"))[0]
    before = simulated.artifacts.array(row["members_hash"])
    with monkeypatch.context() as only:
        only.setattr("charz.acquisition._simulate.batch", None)  # whatever picks would fail
        assert subset.run(simulated).failed == 0
    simulated.artifacts.fs.rm(simulated.artifacts.path(row["members_hash"], ".npy"))
    assert subset.run(simulated).done == 2
    assert np.array_equal(simulated.artifacts.array(row["members_hash"]), before)


def _codes(store, dataset):
    split = store.get("split", dataset_id=dataset["id"], name="train")
    labels = store.artifacts.table(split["examples_hash"])["label"].to_pylist()
    return np.array([dataset["classes"].index(each) for each in labels])


def test_cells_are_measured_with_the_encoder_that_acquired_them_alone(simulated):
    update.run(simulated)
    subset.run(simulated)
    probe.run(simulated)
    assert query.run(simulated, "checks/missing_cells").empty
    assert query.run(simulated, "missing_cells").empty
    assert characterize.run(simulated).done == 0
    found = simulated.rows(
        sa.text(
            "SELECT p.name, e.spec FROM result r JOIN subset s ON s.id = r.train_subset_id "
            "JOIN protocol p ON p.id = s.protocol_id JOIN encoder e ON e.id = r.encoder_id"
        )
    )
    assert sorted((row["name"], row["spec"]) for row in found) == sorted(
        (f"label/max_herding/{spec}", spec) for spec in tiny.ENCODERS for _ in range(2)
    )


@pytest.mark.parametrize("parameters", [
    {"strategy": "nothing"}, {"rounds": []}, {"rounds": [0, 5]}, {"rounds": [5, 5]}, {"round": [5]},
    {"share": 0}, {"share": 1.5},
])  # fmt: skip
def test_a_protocol_that_cannot_be_simulated_is_refused(store, parameters):
    with pytest.raises((InputError, UnknownNameError)):
        subset.protocol(store, "label", sampler="acquired", parameters=parameters)
