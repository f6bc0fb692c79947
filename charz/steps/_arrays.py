"""The arrays and texts of one unit of work: one encoder on one training dataset, read once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from charz.errors import ArtifactError
from charz.records import Draw, Examples
from charz.schema import TABLES, Embedding, Encoder, Split
from charz.sources._split import joined
from charz.steps import _examples
from charz.store import Store


def training_vectors(store: Store, spec: str, dataset_id: int) -> NDArray[Any] | None:
    """Return a dataset's embedded training split, float32 (n_rows, n_dims), None without one."""
    rows = store.rows(
        sa.select(Embedding.vectors_hash)
        .join(Encoder, Encoder.id == Embedding.encoder_id)
        .join(Split, Split.id == Embedding.split_id)
        .where(
            Encoder.spec == spec,
            Split.dataset_id == dataset_id,
            Split.name == "train",
            Embedding.basis_id == dataset_id,
        )
    )
    if not rows:
        return None
    return store.artifacts.array(rows[0]["vectors_hash"]).astype(np.float32, copy=False)


class Arrays:
    """Embeddings and subset members of one (encoder, dataset), each read when first asked."""

    def __init__(self, store: Store, encoder_id: int, dataset_id: int) -> None:
        self._store = store
        self._encoder_id = encoder_id
        self._dataset_id = dataset_id
        self._vectors: dict[int, NDArray[Any]] = {}
        self._examples: dict[int, Examples] = {}
        self._members: dict[str, NDArray[Any]] = {}
        self._joined: dict[tuple[int, int], NDArray[Any]] = {}

    @cached_property
    def spec(self) -> str:
        """The encoder's spec."""
        return str(self._store.get("encoder", id=self._encoder_id)["spec"])

    def n_classes(self, subset_id: int) -> int:
        """Return the number of classes of a subset's task: its dataset's, or fewer."""
        return len(self._subsets[subset_id]["class_counts"])

    @cached_property
    def _subsets(self) -> dict[int, Any]:
        subset = TABLES["subset"]
        mine = sa.select(subset).where(subset.c.labels_of_id == self._dataset_id)
        return {row["id"]: row for row in self._store.rows(mine)}

    def draw(self, subset_id: int) -> Draw:
        """Return a subset's rows and labels."""
        row = self._subsets[subset_id]
        members = self._members.get(row["members_hash"])
        if members is None:
            members = self._store.artifacts.array(row["members_hash"]).astype(np.int64)
            self._members[row["members_hash"]] = members
        if row["base_id"] is None:
            return Draw(members[: row["n_rows"], 0], members[: row["n_rows"], 1])
        base = self.draw(row["base_id"])
        added = members[: row["n_rows"] - len(base.rows)]
        n_before = len(self.vectors(row["base_id"]))
        rows = np.concatenate([base.rows, added[:, 0] + n_before])
        return Draw(rows, np.concatenate([base.labels, added[:, 1]]))

    def vectors(self, subset_id: int) -> NDArray[Any]:
        """Return the embedded split that a subset draws from, float32 (n_rows, n_dims).

        Of a pooled subset the split of its base, and below it that of the rows added.
        """
        row = self._subsets[subset_id]
        if row["base_id"] is None:
            return self._split(row["split_id"])
        pair = (self._subsets[row["base_id"]]["split_id"], row["split_id"])
        if pair not in self._joined:
            self._joined = {pair: np.vstack([self._split(split_id) for split_id in pair])}
        return self._joined[pair]

    def examples(self, subset_id: int) -> Examples:
        """Return the texts that a subset draws from; of a pooled one as `vectors` stacks them."""
        row = self._subsets[subset_id]
        if row["base_id"] is None:
            return self._texts(row["split_id"])
        base = self._subsets[row["base_id"]]
        return joined(self._texts(base["split_id"]), self._texts(row["split_id"]))

    def _texts(self, split_id: int) -> Examples:
        if split_id not in self._examples:
            split = self._store.get("split", id=split_id)
            self._examples[split_id] = _examples.texts(self._store, split)
        return self._examples[split_id]

    def _split(self, split_id: int) -> NDArray[Any]:
        if split_id not in self._vectors:
            stored = self._store.artifacts.array(self._hash(split_id))
            self._vectors[split_id] = stored.astype(np.float32, copy=False)
        return self._vectors[split_id]

    def shared(self, train: int, eval_: int) -> tuple[int, ...]:
        """Return what cells that are fitted together share: protocol, split and task.

        The ids of the protocol and of the split that the training rows (or those added to
        them) are drawn from, and the seed of the subsets' own task or 0.
        """
        row = self._subsets[train]
        return int(row["protocol_id"]), int(row["split_id"]), int(self._subsets[eval_]["seed"])

    def _hash(self, split_id: int) -> str:
        split = self._store.get("split", id=split_id)
        encoder = self._store.get("encoder", id=self._encoder_id)
        basis_id = self._dataset_id if encoder["is_fitted"] else split["dataset_id"]
        embedding = TABLES["embedding"]
        rows = self._store.rows(
            sa.select(Embedding.vectors_hash).where(
                embedding.c.encoder_id == self._encoder_id,
                embedding.c.split_id == split_id,
                embedding.c.basis_id == basis_id,
            )
        )
        if not rows:
            raise ArtifactError(
                f"'{encoder['spec']}' has no embedding of split {split_id}", "run 'charz embed'"
            )
        return str(rows[0]["vectors_hash"])
