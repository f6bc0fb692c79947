"""A small registry with a row in every table, for the tests that need one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from charz.artifacts import Artifact
from charz.store import Store, Writer

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
FACTS = {"is_normalized": False, "is_fitted": False, "is_control": False, "extra": {}}


def fill(store: Store, encoders: str = "ab", datasets: str = "xy", n_seeds: int = 2) -> None:
    """Fill a registry: every dataset is drawn by two protocols, shifted where there are two.

    Names, not ids, decide what a row says, so overlapping worlds agree where they meet.
    """
    with store.write() as writer:
        run = writer.ensure("run", run_row(f"{encoders}-{datasets}"))
        made = {name: _encoder(writer, name, run) for name in encoders}
        splits = {name: _dataset(writer, name, run) for name in datasets}
        features = [
            writer.ensure("feature", {"name": name, "item": name, "kind": kind})
            for name, kind in (("logme", "feature"), ("atc", "estimator"))
        ]
        for protocol, probes in (("curve", ["logistic"]), ("shift", ["logistic", "centroid"])):
            _cells(writer, protocol, probes, made, splits, features, n_seeds, run)
        _published(writer, run)
        for encoder_name, encoder in made.items():
            for name, split in splits.items():
                _task(writer, encoder, split["train"], f"{encoder_name} {name}", run)
        _forecast(writer, run)
        writer.put("failure", [
            {"step": "probe", "unit": "u", "message": "Grüße\n'; --", "n_attempts": 2,
             "run_id": run, "failed_at": WHEN},
        ])  # fmt: skip


def run_row(key: str) -> dict[str, Any]:
    """Return a finished run."""
    return {
        "key": f"{key:_<32}", "command": "update", "arguments": {"specs": ["ü", None, 0.1]},
        "version": "0.1.0", "host": "h", "status": "done", "started_at": WHEN, "ended_at": WHEN,
    }  # fmt: skip


def artifact(writer: Writer, kind: str, name: str) -> str:
    """Record an artifact that is not there, by a hash made of its name."""
    hash_ = name.encode().hex().ljust(64, "0")[:64]
    suffix = {"examples": ".parquet", "metamodel": ".npz"}.get(kind, ".npy")
    row = vars(Artifact(hash_, kind, suffix, len(name), "float32", [len(name), 2]))
    writer.put("artifact", [row | {"created_at": WHEN}])
    return hash_


def _encoder(writer: Writer, name: str, run: int) -> int:
    row = {
        "spec": f"random:{name}", "kind": "random", "name": name, "lineage": f"random:{name}",
        "fingerprint": "f" * 8, "n_dims": 3, "n_parameters": 2**40, "license": None,
        "run_id": run, "created_at": WHEN,
    }  # fmt: skip
    return writer.ensure("encoder", FACTS | row | {"is_fitted": name == "b"})


def _dataset(writer: Writer, name: str, run: int) -> dict[str, int]:
    row = {
        "name": name, "fingerprint": f"{name}-1", "source": "files", "group_name": f"g{name}",
        "label_family": "stars", "n_classes": 2, "classes": ["böse", "gut"], "balance": 1 / 3,
        "is_pair": False, "extra": {"note": "é"}, "run_id": run, "created_at": WHEN,
    }  # fmt: skip
    ids = {"dataset": writer.ensure("dataset", row)}
    for split in ("train", "test"):
        ids[split] = writer.ensure("split", {
            "dataset_id": ids["dataset"], "name": split, "n_rows": 40, "class_counts": [20, 20],
            "examples_hash": artifact(writer, "examples", f"{name} {split}"),
        })  # fmt: skip
    return ids


def _cells(
    writer: Writer,
    protocol: str,
    probes: list[str],
    encoders: dict[str, int],
    splits: dict[str, dict[str, int]],
    features: list[int],
    n_seeds: int,
    run: int,
) -> None:
    plan = {
        "name": protocol, "sampler": "random", "parameters": {"a": 1}, "sizes": None,
        "n_seeds": 2, "eval_sizes": [None, 20],
    }  # fmt: skip
    protocol_id = writer.ensure("protocol", plan)
    probe_ids = [
        writer.ensure("probe", {"spec": name, "name": name, "parameters": {}}) for name in probes
    ]
    writer.put("protocol_probe", [
        {"protocol_id": protocol_id, "probe_id": probe_id} for probe_id in probe_ids
    ])  # fmt: skip
    for own_name, own in splits.items():
        others = splits if protocol == "shift" else {own_name: own}
        for seed in range(n_seeds):
            place = {"protocol_id": protocol_id, "labels_of_id": own["dataset"], "run_id": run}
            whole = _subset(writer, place, own_name, own["train"], "train", 32, seed, None)
            half = _subset(writer, place, own_name, own["train"], "train", 16, seed, whole)
            for name, other in others.items():
                tested = _subset(writer, place, name, other["test"], "eval", 40, 0, None)
                for encoder_name, encoder in encoders.items():
                    _embed(writer, encoder, encoder_name, own, own_name, other, name, run)
                    for train in (half, whole):
                        cell = {"encoder_id": encoder, "train_subset_id": train,
                                "eval_subset_id": tested, "run_id": run}  # fmt: skip
                        n_train = 16 if train == half else 32
                        _measure(writer, cell, probe_ids, features, encoder_name, name, n_train)


def _published(writer: Writer, run: int) -> None:
    row = {
        "spec": "mteb:org/a", "kind": "mteb", "name": "org/a", "lineage": "a",
        "fingerprint": "m" * 8, "n_dims": 3, "released": "2024-02-08", "is_open": True,
        "languages": ["eng-Latn"], "trained_on": ["NQ"], "run_id": run, "created_at": WHEN,
    }  # fmt: skip
    encoder = writer.ensure("encoder", FACTS | row)
    dataset = writer.ensure("dataset", {
        "name": "mteb/t", "fingerprint": "t-1", "source": "mteb:t", "group_name": "mteb/t",
        "n_classes": 2, "classes": ["0", "1"], "is_pair": False, "extra": {}, "run_id": run,
        "created_at": WHEN, "languages": ["eng-Latn"], "domains": ["News"], "mean_chars": 54.25,
    })  # fmt: skip
    split = writer.ensure("split", {
        "dataset_id": dataset, "name": "test", "n_rows": 10, "class_counts": [5, 5],
    })  # fmt: skip
    protocol = writer.ensure("protocol", {
        "name": "mteb", "sampler": "mteb", "parameters": {}, "sizes": None, "n_seeds": 10,
        "eval_sizes": [None],
    })  # fmt: skip
    judged = writer.ensure("subset", {
        "protocol_id": protocol, "split_id": split, "labels_of_id": dataset, "role": "eval",
        "n_rows": 10, "seed": 0, "class_counts": [5, 5], "run_id": run,
    })  # fmt: skip
    writer.put("entry", [{
        "encoder_id": encoder, "eval_subset_id": judged, "accuracy": 0.75, "macro_f1": None,
        "n_draws": 0, "revision": "1", "dataset_revision": None, "version": "1.2.3",
        "run_id": run,
    }])  # fmt: skip


def _subset(
    writer: Writer,
    place: dict[str, Any],
    name: str,
    split: int,
    role: str,
    n_rows: int,
    seed: int,
    parent: int | None,
) -> int:
    return writer.ensure("subset", place | {
        "split_id": split, "role": role, "n_rows": n_rows, "seed": seed, "parent_id": parent,
        "members_hash": artifact(writer, "members", f"{name} {role} {seed}"),
        "class_counts": [n_rows // 2, n_rows // 2],
    })  # fmt: skip


def _embed(
    writer: Writer,
    encoder: int,
    encoder_name: str,
    own: dict[str, int],
    own_name: str,
    other: dict[str, int],
    name: str,
    run: int,
) -> None:
    for split, ids, of in (("train", own, own_name), ("test", other, name)):
        basis = own if encoder_name == "b" else ids
        writer.put("embedding", [{
            "encoder_id": encoder, "split_id": ids[split], "basis_id": basis["dataset"],
            "vectors_hash": artifact(writer, "embedding", f"{encoder_name} {of} {split}"),
            "n_dims": 3, "n_tokens": 2**33, "seconds": 0.25, "run_id": run,
        }])  # fmt: skip


def _task(writer: Writer, encoder: int, split: int, name: str, run: int) -> None:
    writer.put("task_embedding", [{
        "encoder_id": encoder, "split_id": split, "kind": "text_mean",
        "vector_hash": artifact(writer, "embedding", f"{name} task"), "n_rows": 40, "n_dims": 3,
        "run_id": run,
    }])  # fmt: skip


def _measure(
    writer: Writer,
    cell: dict[str, Any],
    probes: list[int],
    features: list[int],
    encoder_name: str,
    name: str,
    n_train: int,
) -> None:
    score = (ord(encoder_name) * 7 + ord(name) * 3 + n_train) % 50 / 100 + 0.5
    writer.put("result", [
        cell | {"probe_id": probe, "accuracy": score, "log_loss": 1 / score, "n_train": n_train,
                "n_eval": 40, "origin": "measured", "chosen": 1e-3}
        for probe in probes
    ])  # fmt: skip
    writer.put("feature_value", [
        cell | {"feature_id": feature, "value": None if n_train == 16 and turn else score / 3}
        for turn, feature in enumerate(features)
    ])  # fmt: skip


def _forecast(writer: Writer, run: int) -> None:
    metamodel = writer.ensure("metamodel", {
        "item": "stack", "metric": "accuracy", "training_fingerprint": "t1", "n_rows": 8,
        "n_groups": 2, "n_lineages": 2, "report": [{"held_out": "group", "mae": 0.03}],
        "arrays_hash": artifact(writer, "metamodel", "m1"), "run_id": run, "created_at": WHEN,
    })  # fmt: skip
    writer.put("evaluation", [{
        "metric": "accuracy", "training_fingerprint": "t1", "hold_out": "both", "setting": "same",
        "bucket": "all", "method": "stack", "kind": "metamodel", "level": 0.9, "least_eval": 40,
        "n_rows": 8, "n_groups": 2, "unit": "points", "mae": 3.0, "mae_se": 0.5, "cv_ratio": 0.9,
        "bias": -0.5, "r2": 0.8, "coverage": 0.9, "worst_coverage": 0.75, "width": 12.0,
        "noise_floor": 6.0, "n_sets": 0, "tau": None, "tau_se": None, "regret_1": None,
        "regret_3": None, "run_id": run, "created_at": WHEN,
    }])  # fmt: skip
    writer.put("importance", [{
        "metric": "accuracy", "item": "stack", "training_fingerprint": "t1", "setting": "same",
        "family": "sizes", "n_features": 2, "n_rows": 8, "n_groups": 2, "unit": "points",
        "mae": 3.0, "permuted": 1.5, "permuted_se": 0.25, "dropped": 0.5, "dropped_se": None,
        "run_id": run, "created_at": WHEN,
    }])  # fmt: skip
    prediction = writer.ensure("prediction", {
        "key": "p1", "metamodel_id": metamodel, "metamodel_fingerprint": "t1",
        "encoder_spec": "random:a", "sample_fingerprint": "s", "metric": "accuracy",
        "value": 0.8, "low": 0.7, "high": 0.9, "level": 0.9, "support": 1.0,
        "baselines": {"cv": 0.79}, "features": {"logme": 0.1}, "n_train": 16, "n_eval": 40,
        "at": None, "run_id": run, "created_at": WHEN,
    })  # fmt: skip
    writer.put("answer", [{
        "key": "a1", "command": "head", "asked": {"encoders": ["random:a", "random:b"]},
        "files": {"train": "0" * 64}, "said": {"recommended": "vote"}, "run_id": run,
        "created_at": WHEN,
    }])  # fmt: skip
    writer.put("outcome", [
        {"prediction_id": prediction, "value": 0.81, "n_eval": 40, "run_id": run,
         "created_at": WHEN},
    ])  # fmt: skip
