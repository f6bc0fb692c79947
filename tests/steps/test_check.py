"""The check step: silent on a sound registry, and each check finds what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from charz.schema import TABLES
from charz.steps import check
from charz.warehouse import queryfile
from tests import small_registry


@pytest.fixture
def sound(store):
    small_registry.fill(store)
    return store


def set_to(store, table: str, id: int, **values: Any) -> None:  # noqa: A002
    with store.write() as writer:
        writer.execute(TABLES[table].update().where(TABLES[table].c.id == id).values(**values))


def first_result(store, **values: Any) -> None:
    result = TABLES["result"]
    where = (
        (result.c.encoder_id == 1)
        & (result.c.train_subset_id == 1)
        & (result.c.eval_subset_id == 5)
        & (result.c.probe_id == 1)
    )
    with store.write() as writer:
        writer.execute(result.update().where(where).values(**values))


def delete(store, table: str, **key: Any) -> None:
    columns = TABLES[table].c
    with store.write() as writer:
        same = [columns[name] == value for name, value in key.items()]
        writer.execute(TABLES[table].delete().where(*same))


def found(store, **options: Any) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in check.run(store, **options):
        assert (row["rows"] == 0) == (row["example"] == "")
        totals[row["check"]] = totals.get(row["check"], 0) + row["rows"]
    return {name: n for name, n in totals.items() if n}


def test_a_sound_registry_has_nothing_to_report(sound):
    assert found(sound, artifacts=True) == {}
    names = [row["check"] for row in check.run(sound)]
    assert [f"checks/{name}" for name in names[:-1]] == queryfile.names("checks")
    assert names[-1] == "artifacts"


def examples_of(store, split: int) -> str:
    return str(store.row("split", id=split)["examples_hash"])


FAILURE = {"step": "embed", "unit": "a on b", "message": "it broke", "n_attempts": 2}

BREAKS = {
    "result_sizes": lambda s: first_result(s, n_train=17),
    "result_roles": lambda s: first_result(s, eval_subset_id=2),
    "subset_sizes": lambda s: set_to(s, "split", 1, n_rows=50, class_counts=[25, 25]),
    "subset_parents": lambda s: set_to(s, "subset", 3, parent_id=2),
    "class_counts": lambda s: set_to(s, "subset", 1, class_counts=[8, 9]),
    "embedding_dims": lambda s: set_to(s, "encoder", 2, n_dims=9),
    "results_without_embeddings": lambda s: delete(s, "embedding", encoder_id=3, split_id=6),
    "undefined_metrics": lambda s: first_result(s, macro_f1=None),
    "baseline_missing": lambda s: first_result(s, cv_accuracy=None),
    "missing_cells": lambda s: delete(s, "result", encoder_id=1, train_subset_id=1),
    "duplicate_datasets": lambda s: set_to(s, "dataset", 2, fingerprint="texts-films"),
    "shared_examples": lambda s: set_to(s, "split", 3, examples_hash=examples_of(s, 1)),
    "leaking_texts": lambda s: set_to(s, "dataset", 1, n_overlap=5),
    "prediction_intervals": lambda s: set_to(s, "prediction", 1, high=1.2),
    "failures": lambda s: s.put("failure", [FAILURE]),
    "incomplete_features": lambda s: delete(s, "feature_value", encoder_id=1, feature_id=2),
}
EXPECTED_TOO = {
    "result_roles": {"result_sizes", "results_without_embeddings", "missing_cells"},
}


@pytest.mark.parametrize(
    "name", [name.removeprefix("checks/") for name in queryfile.names("checks")]
)
def test_each_check_finds_what_it_is_for(sound, name):
    BREAKS[name](sound)
    reported = found(sound)
    assert name in reported
    assert set(reported) - {name} <= EXPECTED_TOO.get(name, set())


def test_a_result_without_baseline_is_well_with_a_single_class(sound):
    first_result(sound, cv_accuracy=None, cv_log_loss=None)
    set_to(sound, "subset", 1, class_counts=[16, 0])
    assert found(sound) == {}


def test_imported_results_need_neither_embedding_nor_all_metrics(sound):
    result = TABLES["result"]
    with sound.write() as writer:
        imported = result.update().where(result.c.encoder_id == 5)
        writer.execute(imported.values(macro_f1=None, cv_accuracy=None, log_loss=None))
    assert found(sound) == {}


def artifact_files(store) -> list[Path]:
    rows = store.rows(sa.select(TABLES["artifact"]).order_by(TABLES["artifact"].c.hash))
    return [Path(store.artifacts.path(row["hash"], row["suffix"])) for row in rows]


def problems(store, **options: Any) -> list[str]:
    rows = check.run(store, **options)
    return [row["example"] for row in rows if row["check"] == "artifacts"]


def test_missing_and_cut_artifacts_are_named_without_reading_them(sound):
    missing, cut, *_ = artifact_files(sound)
    missing.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    first, second = problems(sound)
    assert "is missing" in first
    assert str(missing) in first
    assert str(cut) in second
    assert "bytes, not" in second


def test_damaged_artifacts_are_found_by_reading_them(sound):
    *_, damaged = artifact_files(sound)
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    assert problems(sound) == [""]
    (only,) = problems(sound, artifacts=True)
    assert f"{damaged} is damaged" in only
