"""Task embeddings of a registry's training splits, each computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from charz import shelf
from charz.errors import InputError, RegistryError
from charz.records import Progress, Silence
from charz.samplers import _random
from charz.schema import Dataset, Embedding, Encoder, Split, TaskEmbedding
from charz.steps import _examples
from charz.store import Store

if TYPE_CHECKING:
    from charz.records import Floats

MOST = 1000
"""Rows that a task is embedded by: more would move its cosines by less than tasks differ."""

Vectors = dict[str, "Floats"]


@dataclass(frozen=True)
class Task:
    """A dataset as a task: what is known of it and, by kind, its vectors."""

    facts: dict[str, Any]
    vectors: Vectors


def encoder(store: Store, spec: str | None) -> dict[str, Any]:
    """Return the row of an encoder; by default of the one that embeds most training splits.

    Of several that is the first trained one. Encoders that are fitted to each dataset have no
    space in common, so they compare no tasks.

    Raises
    ------
    InputError
        When the encoder is a fitted one.
    RegistryError
        When nothing is embedded, or the registry does not have the encoder.
    """
    if spec is not None:
        found = dict(store.get("encoder", spec=spec))
        if found["is_fitted"]:
            raise InputError(
                f"'{spec}' is fitted to each dataset: its spaces cannot be compared",
                "choose an encoder that is not fitted",
            )
        return found
    statement = (
        sa.select(Encoder, sa.func.count().label("n_embedded"))
        .join_from(Encoder, Embedding, Embedding.encoder_id == Encoder.id)
        .join(Split, Split.id == Embedding.split_id)
        .where(Split.name == "train", Encoder.is_fitted.is_(False))
        .group_by(Encoder.id)
        .order_by(sa.func.count().desc(), Encoder.is_control, Encoder.id)
        .limit(1)
    )
    rows = store.rows(statement)
    if not rows:
        raise RegistryError(
            "the registry has no embedded task to compare with",
            "ingest datasets and an encoder that is not fitted, then run 'charz embed'",
        )
    return dict(store.get("encoder", id=rows[0]["id"]))


def all_of(
    store: Store, encoder_id: int, kinds: Sequence[str], progress: Progress | None = None
) -> list[Task]:
    """Return every embedded dataset as a task; vectors that are not kept yet are made and kept."""
    rows = store.rows(_embedded(encoder_id))
    kept = {
        (row["split_id"], row["kind"]): row["vector_hash"]
        for row in store.rows(
            sa.select(TaskEmbedding).where(TaskEmbedding.encoder_id == encoder_id)
        )
    }
    progress = progress or Silence()
    progress.start("similar", len(rows), "tasks")
    tasks = []
    for row in rows:
        known = {kind: kept[row["split_id"], kind] for kind in kinds
                 if (row["split_id"], kind) in kept}  # fmt: skip
        vectors = {
            kind: store.artifacts.array(hash_)
            for kind, hash_ in known.items() if store.artifacts.has(hash_, ".npy")
        }  # fmt: skip
        lacking = [kind for kind in kinds if kind not in vectors]
        if lacking:
            vectors |= _made(store, encoder_id, dict(row), lacking)
        tasks.append(Task(dict(row), vectors))
        progress.advance(1, row["name"])
    return tasks


def _embedded(encoder_id: int) -> sa.Select[Any]:
    """Return the datasets whose training split an encoder has embedded, with the split."""
    columns = (
        Dataset.id, Dataset.name, Dataset.group_name, Dataset.label_family, Dataset.task,
        Dataset.n_classes, Dataset.classes, Dataset.is_pair,
    )  # fmt: skip
    return (
        sa.select(
            *columns,
            Split.id.label("split_id"),
            Split.n_rows.label("n_train"),
            Embedding.vectors_hash,
        )
        .join_from(Embedding, Split, Split.id == Embedding.split_id)
        .join(Dataset, Dataset.id == Split.dataset_id)
        .where(Embedding.encoder_id == encoder_id, Split.name == "train")
        .where(Embedding.basis_id == Dataset.id, Split.examples_hash.is_not(None))
        .order_by(Dataset.name)
    )


def _made(store: Store, encoder_id: int, row: dict[str, Any], kinds: Sequence[str]) -> Vectors:
    """Compute the vectors of one dataset and keep them."""
    X = store.artifacts.array(row["vectors_hash"])
    labels = _examples.labels(store, store.get("split", id=row["split_id"]))
    chosen = sample(len(X))
    vectors = vectors_of(X[chosen], [labels[i] for i in chosen], row["classes"], kinds)
    stored = {kind: store.artifacts.put_array(v, kind="embedding") for kind, v in vectors.items()}
    with store.write() as writer:
        for kind, artifact in stored.items():
            writer.put(
                "task_embedding",
                [
                    {
                        "encoder_id": encoder_id,
                        "split_id": row["split_id"],
                        "kind": kind,
                        "vector_hash": writer.artifact(artifact),
                        "n_rows": len(chosen),
                        "n_dims": len(vectors[kind]),
                        "run_id": store.run_id,
                    }
                ],
                update=("vector_hash", "n_rows", "n_dims"),
            )
    return vectors


def sample(n_rows: int) -> list[int]:
    """Return the rows that a task is embedded by, ascending: all, or `MOST` at random."""
    return sorted(_random.permutation(n_rows, 0, "task")[:MOST].tolist())


def vectors_of(
    X: Floats, labels: Sequence[str], classes: Sequence[str], kinds: Sequence[str]
) -> Vectors:
    """Return the vectors of labelled rows by kind; classes are coded in the order of names."""
    codes = {label: code for code, label in enumerate(sorted(classes))}
    y = np.array([codes[label] for label in labels], dtype=np.int64)
    rows = np.asarray(X, dtype=np.float64)
    return {kind: shelf.load("tasks", kind).embed(rows, y, len(codes)) for kind in kinds}
