"""The orders of rows that a protocol asks of a dataset: for training, for evaluation, pooled."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import RowMapping

from charz import shelf
from charz.records import Draw
from charz.samplers import _random
from charz.schema import Artifact, Dataset, Split, Subset
from charz.steps import _arrays, _examples
from charz.store import Store

if TYPE_CHECKING:
    from charz.records import Ints


@dataclass(frozen=True)
class Order:
    """An ordering to store, and the prefix sizes that become subsets."""

    split_id: int
    labels_of_id: int
    role: str
    seed: int
    draw: Draw
    sizes: list[int]
    n_classes: int
    base: Order | None = None
    """What every subset begins with; the whole draw is then added to it."""

    def labels(self, size: int) -> Ints:
        """Return the labels of a subset of this size."""
        if self.base is None:
            return self.draw.labels[:size]
        own = self.base.draw.labels[: self.base_size(size)]
        return np.concatenate([own, self.draw.labels])

    def base_size(self, size: int) -> int:
        """Return how many rows of the base a pooled subset of this size has."""
        return size - len(self.draw.rows)


def all_of(store: Store, plan: RowMapping, dataset: RowMapping) -> Iterator[Order]:
    """Yield every order that a protocol asks of a dataset; none where nothing could be judged."""
    sampler = shelf.load("samplers", plan["sampler"])
    targets = _targets(store, dataset, family=sampler.EVALUATE == "family")
    others = _added(store, dataset) if hasattr(sampler, "pool") else {}
    if not targets or (hasattr(sampler, "pool") and not others):
        return
    train = store.get("split", dataset_id=dataset["id"], name="train")
    labels = _codes(store, train, dataset["classes"])
    tasks = _tasks(plan, labels, dataset["n_classes"])
    drawn = _drawing(store, plan, dataset, train["id"], labels)
    for own in _of_training(plan, dataset, train["id"], drawn, tasks):
        yield own
        for split_id, known in others.items():
            yield _pooled(plan, own, split_id, known)
    for split, (seed, codes) in itertools.product(targets, tasks.items()):
        y = _codes(store, split, dataset["classes"])
        draw = _eval_draw(sampler.relabelled(y, codes, seed) if seed else y)
        asked = [len(draw.rows) if size is None else size for size in plan["eval_sizes"]]
        sizes = sorted({size for size in asked if 1 <= size <= len(draw.rows)})
        if sizes:
            yield Order(split["id"], dataset["id"], "eval", seed, draw, sizes, _n_classes(codes))


def _of_training(
    plan: RowMapping,
    dataset: RowMapping,
    split_id: int,
    drawn: Callable[[int], Draw | None],
    tasks: dict[int, Ints],
) -> Iterator[Order]:
    """Yield the order of every seed that has rows enough for a size."""
    sampler, n_classes = shelf.load("samplers", plan["sampler"]), dataset["n_classes"]
    first = min(tasks)
    for seed in range(first, plan["n_seeds"] + first):
        draw = drawn(seed)
        if draw is None:
            continue
        every = {_n_rows(sampler, draw.labels, n_classes, size) for size in plan["sizes"]}
        sizes = sorted(size for size in every if size <= len(draw.rows))
        if sizes:
            own = _n_classes(tasks.get(seed, tasks[first]))
            yield Order(split_id, dataset["id"], "train", seed, draw, sizes, own)


def _drawing(
    store: Store, plan: RowMapping, dataset: RowMapping, split_id: int, labels: Ints
) -> Callable[[int], Draw | None]:
    """Return what gives the draw of a seed, None where it waits for vectors."""
    sampler = shelf.load("samplers", plan["sampler"])
    draw = partial(sampler.draw, labels, dataset["n_classes"], **plan["parameters"])
    if not hasattr(sampler, "acquire"):
        return draw

    def acquired(seed: int) -> Draw | None:
        there = _stored(store, plan, dataset, split_id, seed)
        if there is not None:
            return there
        X = _arrays.training_vectors(store, plan["parameters"]["encoder"], dataset["id"])
        if X is None:
            return None
        found: Draw = sampler.acquire(X, labels, dataset["n_classes"], seed, **plan["parameters"])
        return found

    return acquired


def _stored(
    store: Store, plan: RowMapping, dataset: RowMapping, split_id: int, seed: int
) -> Draw | None:
    """Return the draw that a training subset of a seed is a prefix of, where it can be read."""
    rows = store.rows(
        sa.select(Artifact.hash, Artifact.suffix)
        .join(Subset, Subset.members_hash == Artifact.hash)
        .where(
            Subset.protocol_id == plan["id"],
            Subset.labels_of_id == dataset["id"],
            Subset.split_id == split_id,
            Subset.role == "train",
            Subset.seed == seed,
        )
        .limit(1)
    )
    if not rows or not store.artifacts.has(rows[0]["hash"], rows[0]["suffix"]):
        return None
    members = store.artifacts.array(rows[0]["hash"]).astype(np.int64)
    return Draw(members[:, 0], members[:, 1])


def _pooled(plan: RowMapping, own: Order, split_id: int, known: Draw) -> Order:
    """Return an order with rows of another dataset, those ``known`` of its split, added."""
    pool = shelf.load("samplers", plan["sampler"]).pool
    added = pool(known.labels, own.n_classes, own.seed, **plan["parameters"])
    whole = Draw(known.rows[added.rows], added.labels)
    larger = [size + len(whole.rows) for size in own.sizes]
    return Order(
        split_id, own.labels_of_id, "train", own.seed, whole, larger, own.n_classes, base=own
    )


def _tasks(plan: RowMapping, labels: Ints, n_classes: int) -> dict[int, Ints]:
    """Return the classes' codes in the task of each seed from 1 up, or for all seeds under 0."""
    sampler = shelf.load("samplers", plan["sampler"])
    if not hasattr(sampler, "task"):
        return {0: np.arange(n_classes)}
    return {
        seed: sampler.task(labels, n_classes, seed, **plan["parameters"])
        for seed in range(1, plan["n_seeds"] + 1)
    }


def _n_classes(codes: Ints) -> int:
    return int(codes.max()) + 1


def _n_rows(sampler: Any, labels: Ints, n_classes: int, size: int) -> int:
    """Return the rows that a size of the protocol comes to."""
    if not getattr(sampler, "PER_CLASS", False):
        return size
    if hasattr(sampler, "n_rows"):
        return int(sampler.n_rows(labels, n_classes, size))
    return size * n_classes


def _added(store: Store, dataset: RowMapping) -> dict[int, Draw]:
    """Return the rows that others of the family could add, by training split."""
    found = {}
    for split in _targets(store, dataset, family=True, name="train"):
        codes = _codes(store, split, dataset["classes"])
        rows = np.flatnonzero(codes >= 0)
        if len(rows):
            found[split["id"]] = Draw(rows, codes[rows])
    return found


def _targets(
    store: Store, dataset: RowMapping, *, family: bool, name: str = "test"
) -> list[RowMapping]:
    """Return the splits to evaluate on, or to add: the dataset's own, or those of its family.

    Datasets of one group share texts, so within a group there is no shift to measure.
    """
    statement = sa.select(Split).join(Dataset).where(Split.name == name).order_by(Split.id)
    if not family:
        own = statement.where(Dataset.id == dataset["id"])
        return store.rows(own)
    if dataset["label_family"] is None:
        return []
    others = statement.where(
        Dataset.label_family == dataset["label_family"],
        Dataset.group_name != dataset["group_name"],
        Dataset.is_pair == dataset["is_pair"],
        Split.examples_hash.is_not(None),
    )
    return store.rows(others)


def _codes(store: Store, split: RowMapping, classes: Sequence[str]) -> Ints:
    """Return the split's labels as codes into ``classes``; -1 for labels not among them."""
    codes = {label: code for code, label in enumerate(classes)}
    labels = _examples.labels(store, split)
    return np.array([codes.get(label, -1) for label in labels], dtype=np.int64)


def _eval_draw(labels: Ints) -> Draw:
    rows = _random.permutation(len(labels), 0, "eval")
    rows = rows[labels[rows] >= 0]
    return Draw(rows, labels[rows])
