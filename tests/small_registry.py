"""A tiny registry whose every number is known: rows for the store, and the same rows flat."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from charz.store import Store

WHEN = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
SPECS = ["st:alpha?layer=1", "st:alpha?layer=2", "static:beta", "random:hash"]
DATASETS = ["films", "books", "news"]
SIZES = [16, 64]
SEEDS = [0, 1]
PROBES = ["logistic", "centroid"]
FEATURES = {"n_train": "feature", "spread": "feature", "cv": "estimator", "atc": "estimator"}
N_EVAL = 40


@dataclass
class Small:
    """The flat rows: one per result, per feature value, per prediction."""

    cells: pd.DataFrame
    measures: pd.DataFrame
    predictions: pd.DataFrame


@dataclass
class _Rows:
    random: random.Random = field(default_factory=lambda: random.Random(7))
    subsets: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)
    flat: list[dict[str, Any]] = field(default_factory=list)
    flat_measures: list[dict[str, Any]] = field(default_factory=list)


def fill(store: Store) -> Small:
    """Write the registry and return what was written, flat."""
    rows = _Rows()
    _catalogue(store)
    _plans(store, rows, _splits(store))
    store.put("subset", rows.subsets)
    for protocol_id in (1, 2):
        _measure(rows, protocol_id)
    _imported(store, rows)
    store.put("result", rows.results)
    store.put("feature_value", rows.measures)
    predictions = _predictions(store, rows.random)
    return Small(pd.DataFrame(rows.flat), pd.DataFrame(rows.flat_measures), predictions)


def _catalogue(store: Store) -> None:
    command = {"version": "1", "host": "here", "arguments": {"seed": 1}, "started_at": WHEN}
    store.put("run", [
        command | {"id": 1, "key": "a", "command": "embed", "status": "done",
                   "ended_at": WHEN + timedelta(seconds=90)},
        command | {"id": 2, "key": "b", "command": "probe", "status": "failed",
                   "ended_at": WHEN + timedelta(seconds=10)},
        command | {"id": 3, "key": "c", "command": "probe", "status": "running",
                   "ended_at": None, "started_at": WHEN + timedelta(hours=1)},
    ])  # fmt: skip
    store.put(
        "encoder", [_encoder(i, spec) for i, spec in enumerate([*SPECS, "imported:gamma"], 1)]
    )
    store.put("dataset", [_dataset(i, name) for i, name in enumerate(DATASETS, 1)])
    store.put("probe", [
        {"id": i, "spec": name, "name": name, "parameters": {}} for i, name in enumerate(PROBES, 1)
    ])  # fmt: skip
    store.put("feature", [
        {"id": i, "name": name, "item": name, "kind": kind}
        for i, (name, kind) in enumerate(FEATURES.items(), 1)
    ])  # fmt: skip


def _encoder(id: int, spec: str) -> dict[str, Any]:  # noqa: A002
    kind, _, name = spec.partition(":")
    name, _, option = name.partition("?")
    layer = int(option.partition("=")[2]) if option else None
    return {
        "id": id, "spec": spec, "kind": kind, "name": name, "revision": None,
        "lineage": name, "fingerprint": f"weights-{name}", "layer": layer,
        "pooling": "mean" if layer else None, "prompt": None, "max_tokens": None,
        "n_dims": None if kind == "imported" else 8, "n_layers": 2 if layer else None,
        "n_parameters": {"st": 1000, "static": 500}.get(kind), "is_normalized": id == 1,
        "is_fitted": False, "is_control": kind == "random",
        "license": "mit" if kind == "st" else None,
        "seconds_per_1k_tokens": {"st": 0.5 + (layer or 0) / 10, "static": 0.01}.get(kind),
        "extra": {}, "run_id": 1, "created_at": WHEN,
    }  # fmt: skip


def _dataset(id: int, name: str) -> dict[str, Any]:  # noqa: A002
    return {
        "id": id, "name": name, "fingerprint": f"texts-{name}", "source": "files",
        "group_name": "reviews" if name == "films" else name,
        "label_family": None if name == "news" else "sentiment", "task": "topic",
        "language": "en", "license": None, "n_classes": 2, "classes": ["bad", "good"],
        "balance": 0.9, "is_pair": False, "median_words": 12.0, "p95_words": 40.0,
        "n_overlap": 0, "extra": {}, "run_id": 1, "created_at": WHEN,
    }  # fmt: skip


def _splits(store: Store) -> str:
    """Write splits and embeddings; return the hash of an artifact of members."""
    arrays = store.artifacts
    examples = [arrays.put_array(np.full((3, 2), k), kind="examples") for k in range(6)]
    vectors = arrays.put_array(np.zeros((4, 8), np.float32), kind="embedding")
    members = arrays.put_array(np.arange(4), kind="members")
    with store.write() as writer:
        for artifact in (*examples, vectors, members):
            writer.artifact(artifact)
    sizes = {"train": [60, 40], "test": [25, 15]}
    store.put("split", [
        {"id": 2 * d + s, "dataset_id": d + 1, "name": name, "n_rows": sum(counts),
         "class_counts": counts, "examples_hash": examples[2 * d + s - 1].hash}
        for d in range(3) for s, (name, counts) in enumerate(sizes.items(), 1)
    ])  # fmt: skip
    store.put("embedding", [
        {"encoder_id": e, "split_id": s, "basis_id": (s + 1) // 2, "vectors_hash": vectors.hash,
         "n_dims": 8, "n_tokens": 1000 * s, "seconds": e / 10 + s, "run_id": 1}
        for e in range(1, 5) for s in range(1, 7)
    ])  # fmt: skip
    return members.hash


def _plans(store: Store, rows: _Rows, members: str) -> None:
    store.put("protocol", [
        {"id": 1, "name": "curve", "sampler": "random", "parameters": {}, "sizes": SIZES,
         "n_seeds": 2, "eval_sizes": [None]},
        {"id": 2, "name": "shifted", "sampler": "shifted", "parameters": {}, "sizes": None,
         "n_seeds": 2, "eval_sizes": [None]},
    ])  # fmt: skip
    store.put("protocol_probe", [{"protocol_id": p, "probe_id": q} for p in (1, 2) for q in (1, 2)])
    for protocol, labels_of, test in [(1, 1, 2), (1, 2, 4), (1, 3, 6), (2, 1, 4)]:
        for size in SIZES:
            for seed in SEEDS:
                _subset(rows, protocol, 2 * labels_of - 1, labels_of, "train", size, seed, members)
        _subset(rows, protocol, test, labels_of, "eval", N_EVAL, 0, members)


def _subset(
    rows: _Rows, protocol: int, split: int, labels_of: int, role: str, size: int, seed: int,
    members: str,
) -> None:  # fmt: skip
    counts = [25, 15] if role == "eval" else [size // 2 + 1, size // 2 - 1]
    rows.subsets.append({
        "id": len(rows.subsets) + 1, "protocol_id": protocol, "split_id": split,
        "labels_of_id": labels_of, "role": role, "n_rows": size, "seed": seed,
        "parent_id": None, "members_hash": members, "class_counts": counts, "run_id": 1,
    })  # fmt: skip


def _measure(rows: _Rows, protocol: int) -> None:
    drawn = [row for row in rows.subsets if row["protocol_id"] == protocol]
    for train in (row for row in drawn if row["role"] == "train"):
        for test in (row for row in drawn if row["role"] == "eval"):
            if test["labels_of_id"] == train["labels_of_id"]:
                for encoder in range(1, 5):
                    _cell(rows, encoder, train, test)


def _cell(rows: _Rows, encoder: int, train: dict[str, Any], test: dict[str, Any]) -> None:
    sample = {
        "encoder_id": encoder,
        "train_subset_id": train["id"],
        "eval_subset_id": test["id"],
        "run_id": 1,
    }
    for probe in (1, 2):
        _result(rows, sample, probe, train, test, "measured")
    accuracy = rows.results[-2]["accuracy"]
    values = [train["n_rows"], rows.random.random(), accuracy - 0.1, None if encoder == 4 else 0.6]
    for feature, (name, value) in enumerate(zip(FEATURES, values, strict=True), 1):
        rows.measures.append(sample | {"feature_id": feature, "value": value})
        rows.flat_measures.append(_where(encoder, train, test) | {"feature": name, "value": value})


def _result(
    rows: _Rows, sample: dict[str, Any], probe: int, train: dict[str, Any], test: dict[str, Any],
    origin: str,
) -> None:  # fmt: skip
    level = 0.5 + 0.08 * (4 - min(sample["encoder_id"], 4)) + 0.05 * (train["n_rows"] == 64)
    metrics = {
        "accuracy": round(level - 0.04 * probe + rows.random.uniform(-0.05, 0.05), 3),
        "balanced_accuracy": round(rows.random.random(), 3),
        "macro_f1": round(rows.random.random(), 3),
        "log_loss": round(rows.random.random(), 3),
        "brier": round(rows.random.random(), 3),
        "ece": 0.1, "auroc": math.nan,
        "cv_accuracy": round(level + 0.02, 3), "cv_log_loss": 0.7,
        "chosen": 1.0, "gap": 1e-7, "fit_seconds": probe / 100,
        "n_train": train["n_rows"], "n_eval": test["n_rows"], "origin": origin,
    }  # fmt: skip
    rows.results.append(sample | {"probe_id": probe} | metrics)
    where = _where(sample["encoder_id"], train, test)
    rows.flat.append(where | {"probe": PROBES[probe - 1]} | metrics)


def _where(encoder: int, train: dict[str, Any], test: dict[str, Any]) -> dict[str, Any]:
    spec = [*SPECS, "imported:gamma"][encoder - 1]
    dataset = DATASETS[train["labels_of_id"] - 1]
    eval_dataset = DATASETS[(test["split_id"] - 1) // 2]
    return {
        "encoder": spec, "lineage": spec.partition(":")[2].partition("?")[0],
        "kind": spec.partition(":")[0], "is_control": encoder == 4, "dataset": dataset,
        "group_name": "reviews" if dataset == "films" else dataset,
        "eval_dataset": eval_dataset,
        "eval_group": "reviews" if eval_dataset == "films" else eval_dataset,
        "label_family": None if dataset == "news" else "sentiment",
        "is_shift": eval_dataset != dataset,
        "protocol": ["curve", "shifted"][train["protocol_id"] - 1], "seed": train["seed"],
        "eval_seed": test["seed"], "n_train": train["n_rows"], "n_eval": test["n_rows"],
    }  # fmt: skip


def _imported(store: Store, rows: _Rows) -> None:
    """Add one published result: an encoder that cannot be run, subsets without members."""
    train, test = rows.subsets[0], rows.subsets[4]
    sample = {"encoder_id": 5, "train_subset_id": 1, "eval_subset_id": 5, "run_id": 1}
    _result(rows, sample, 1, train, test, "imported:archive@1")


def _predictions(store: Store, numbers: random.Random) -> pd.DataFrame:
    rows = []
    for i in range(1, 9):
        value = round(numbers.uniform(0.5, 0.9), 3)
        truth = round(value + numbers.uniform(-0.12, 0.08), 3) if i != 8 else None
        rows.append({
            "id": i, "key": f"key{i}", "metamodel_id": None, "metamodel_fingerprint": "m",
            "encoder_spec": SPECS[i % 2], "sample_fingerprint": f"s{i}", "metric": "accuracy",
            "value": value, "low": value - 0.05, "high": value + 0.05,
            "level": 0.9 if i % 3 else 0.5, "support": 0.8, "baselines": {"cv": value - 0.02},
            "features": {}, "n_train": 64, "n_eval": 40, "at": None, "run_id": 1,
            "created_at": WHEN + timedelta(days=i), "truth": truth,
        })  # fmt: skip
    store.put("prediction", [{k: v for k, v in row.items() if k != "truth"} for row in rows])
    store.put("outcome", [
        {"prediction_id": row["id"], "value": row["truth"], "n_eval": 40, "run_id": 1,
         "created_at": WHEN}
        for row in rows if row["truth"] is not None
    ])  # fmt: skip
    return pd.DataFrame(rows)
