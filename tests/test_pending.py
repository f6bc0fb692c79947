"""What is pending, against nested loops over the rows that were put in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charz import pending
from charz.schema import TABLES
from tests import world

Rows = list[dict[str, Any]]
HASH = "0" * 64


@dataclass
class World:
    """The rows of a registry, by table; ids are positions from 1."""

    tables: dict[str, Rows] = field(default_factory=dict)

    def __getattr__(self, table: str) -> Rows:
        return self.tables[table]

    def by_id(self, table: str, number: int) -> dict[str, Any]:
        return self.tables[table][number - 1]

    def samples(self) -> set[tuple[int, int, int, int]]:
        found = set()
        for encoder, train, tested in product(self.encoder, self.subset, self.subset):
            if (train["role"], tested["role"]) != ("train", "eval"):
                continue
            if train["protocol_id"] != tested["protocol_id"]:
                continue
            if train["labels_of_id"] != tested["labels_of_id"]:
                continue
            if train["members_hash"] is None or tested["members_hash"] is None:
                continue
            dataset = train["labels_of_id"]
            other = self.by_id("split", tested["split_id"])["dataset_id"]
            needed = [
                (encoder["id"], train["split_id"], dataset),
                (encoder["id"], tested["split_id"], dataset if encoder["is_fitted"] else other),
            ]
            if all(key in self.embedded() for key in needed):
                found.add((encoder["id"], train["id"], tested["id"], dataset))
        return found

    def embedded(self) -> set[tuple[int, int, int]]:
        return {(row["encoder_id"], row["split_id"], row["basis_id"]) for row in self.embedding}

    def embeddings(self) -> set[tuple[int, int, int]]:
        needed = set()
        for encoder in self.encoder:
            if encoder["kind"] == "imported":
                continue
            for split in self.split:
                if split["examples_hash"] is None:
                    continue
                needed.add((encoder["id"], split["id"], split["dataset_id"]))
                for subset in self.subset:
                    tested = subset["split_id"] == split["id"] and subset["role"] == "eval"
                    if tested and encoder["is_fitted"]:
                        needed.add((encoder["id"], split["id"], subset["labels_of_id"]))
        return needed - self.embedded()

    def cells(self) -> set[tuple[int, int, int, int, int]]:
        measured = {
            (row["encoder_id"], row["train_subset_id"], row["eval_subset_id"], row["probe_id"])
            for row in self.result
        }
        return {
            (*sample, planned["probe_id"])
            for sample in self.samples()
            for planned in self.protocol_probe
            if planned["protocol_id"] == self.by_id("subset", sample[1])["protocol_id"]
            and (*sample[:3], planned["probe_id"]) not in measured
        }

    def uncharacterized(self, features: list[int]) -> set[tuple[int, int, int, int]]:
        known = {
            (row["encoder_id"], row["train_subset_id"], row["eval_subset_id"], row["feature_id"])
            for row in self.feature_value
        }
        return {
            sample
            for sample in self.samples()
            if any((*sample[:3], feature) not in known for feature in features)
        }


def numbered(rows: Rows) -> Rows:
    return [{"id": number, **row} for number, row in enumerate(rows, start=1)]


def some(draw: Any, keys: list[tuple[int, ...]], share: int = 3) -> list[tuple[int, ...]]:
    """Draw some of these keys, most of them where ``share`` is high."""
    return [key for key in keys if draw(st.integers(0, share))]


@st.composite
def worlds(draw: Any) -> World:
    w = World()
    sizes = st.integers(1, 3)
    w.tables["artifact"] = [
        {"hash": HASH, "kind": "members", "suffix": ".npy", "n_bytes": 1, "created_at": world.WHEN}
    ]
    w.tables["encoder"] = numbered([
        {"spec": f"e{n}", "kind": draw(st.sampled_from(["random", "random", "imported"])),
         "name": "", "lineage": "l", "fingerprint": "f"}
        | world.FACTS | {"is_fitted": draw(st.booleans()), "created_at": world.WHEN}
        for n in range(draw(sizes))
    ])  # fmt: skip
    w.tables["dataset"] = numbered([
        {"name": f"d{n}", "fingerprint": "f", "source": "s", "group_name": "g", "n_classes": 2,
         "classes": [], "is_pair": False, "extra": {}, "created_at": world.WHEN}
        for n in range(draw(sizes))
    ])  # fmt: skip
    w.tables["split"] = numbered([
        {"dataset_id": dataset["id"], "name": name, "n_rows": 9, "class_counts": [],
         "examples_hash": HASH if draw(st.integers(0, 4)) else None}
        for dataset in w.dataset for name in ("train", "test")
    ])  # fmt: skip
    w.tables["probe"] = numbered([
        {"spec": f"p{n}", "name": "p", "parameters": {}} for n in range(draw(sizes))
    ])  # fmt: skip
    w.tables["protocol"] = numbered([
        {"name": f"p{n}", "sampler": "random", "parameters": {}, "n_seeds": 1, "eval_sizes": [],
         "sizes": draw(st.sampled_from([None, [8]]))}
        for n in range(draw(st.integers(1, 2)))
    ])  # fmt: skip
    keys = list(product(ids(w.protocol), ids(w.probe)))
    w.tables["protocol_probe"] = rows(("protocol_id", "probe_id"), some(draw, keys))
    w.tables["subset"] = numbered(subsets(draw, w))
    w.tables["feature"] = numbered([
        {"name": f"f{n}", "item": "f", "kind": "feature"} for n in range(draw(sizes))
    ])  # fmt: skip
    keys = list(product(ids(w.encoder), ids(w.split), ids(w.dataset)))
    more = {"vectors_hash": HASH, "n_dims": 2}
    embedded = some(draw, keys, share=6)
    w.tables["embedding"] = rows(("encoder_id", "split_id", "basis_id"), embedded, **more)
    cell = ("encoder_id", "train_subset_id", "eval_subset_id")
    samples = sorted(sample[:3] for sample in w.samples())
    measured = some(draw, [(*s, probe) for s in samples for probe in ids(w.probe)], share=1)
    more = {"accuracy": 0.5, "n_train": 1, "n_eval": 1, "origin": "measured"}
    w.tables["result"] = rows((*cell, "probe_id"), measured, **more)
    known = some(draw, [(*s, feature) for s in samples for feature in ids(w.feature)])
    w.tables["feature_value"] = rows((*cell, "feature_id"), known, value=None)
    return w


def ids(rows: Rows) -> list[int]:
    return [row["id"] for row in rows]


def rows(columns: tuple[str, ...], keys: list[tuple[int, ...]], **more: Any) -> Rows:
    return [dict(zip(columns, key, strict=True)) | more for key in keys]


def subsets(draw: Any, w: World) -> Rows:
    """Draw train subsets labelled by their own dataset, eval subsets by any."""
    keys = [
        (protocol, split["id"], labels_of, role, size)
        for protocol in ids(w.protocol)
        for split in w.split
        for labels_of in ids(w.dataset)
        for role, name in (("train", "train"), ("eval", "test"))
        for size in (4, 8)
        if split["name"] == name and (role == "eval" or labels_of == split["dataset_id"])
    ]
    return [
        {"protocol_id": protocol, "split_id": split, "labels_of_id": labels_of, "role": role,
         "n_rows": size, "seed": 0, "class_counts": [],
         "members_hash": HASH if draw(st.integers(0, 5)) else None}
        for protocol, split, labels_of, role, size in some(draw, keys, share=1)
    ]  # fmt: skip


def put(store, made: World) -> None:
    with store.write() as writer:
        for table in reversed(TABLES.values()):
            writer.execute(table.delete())
        for name in TABLES:
            writer.put(name, made.tables.get(name, []))


def asked(store, statement) -> list[tuple[int, ...]]:
    return [tuple(row.values()) for row in store.rows(statement)]


def agree(found: list[tuple[int, ...]], wanted: set[tuple[int, ...]]) -> None:
    assert len(found) == len(set(found)), "a unit of work is handed out once"
    assert set(found) == wanted


generated = settings(
    deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), print_blob=True
)


@given(made=worlds())
@generated
def test_what_is_pending_is_what_nested_loops_find(store, made):
    put(store, made)
    agree(asked(store, pending.embeddings()), made.embeddings())
    agree(asked(store, pending.samples()), made.samples())
    agree(asked(store, pending.cells()), made.cells())
    for features in (ids(made.feature), ids(made.feature)[:1], []):
        statement = pending.uncharacterized(features)
        agree(asked(store, statement), made.uncharacterized(features))


@given(made=worlds())
@generated
def test_units_add_up_to_the_whole(store, made):
    put(store, made)
    for statement in (pending.cells(), pending.samples(), pending.uncharacterized([1])):
        whole = asked(store, statement)
        found = asked(store, pending.units(statement))
        assert {unit[:2]: unit[2] for unit in found} == Counter((row[0], row[3]) for row in whole)
        parts = [
            row for unit in found for row in asked(store, pending.of_unit(statement, *unit[:2]))
        ]
        agree(parts, set(whole))


@given(made=worlds())
@generated
def test_every_protocol_draws_from_every_dataset_with_examples(store, made):
    put(store, made)
    with_examples = {row["dataset_id"] for row in made.split if row["examples_hash"]}
    planned = [row["id"] for row in made.protocol if row["sizes"]]
    wanted = set(product(planned, with_examples))
    agree(asked(store, pending.protocols()), wanted)


def test_a_whole_small_registry_has_nothing_pending(store):
    world.fill(store)
    assert asked(store, pending.cells()) == []
    assert asked(store, pending.uncharacterized([1, 2])) == []
    assert asked(store, pending.embeddings()) == []
    assert len(asked(store, pending.samples())) == store.count("feature_value") / 2


def test_a_new_encoder_costs_only_its_own_work(store):
    world.fill(store, encoders="a")
    row = dict(store.row("encoder", spec="random:a")) | {"spec": "random:new", "is_fitted": True}
    del row["id"]
    with store.write() as writer:
        new = writer.ensure("encoder", row)
    needed = asked(store, pending.embeddings())
    assert {key[0] for key in needed} == {new}
    assert len(needed) == 4 + 2  # its own splits, and the test split of the other dataset
