"""The examples of a split, read from its artifact: shared by subset and embed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from charz.errors import ArtifactError
from charz.records import Examples
from charz.store import Store

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import RowMapping


def texts(store: Store, split: RowMapping) -> Examples:
    """Return the texts of a split, and the second texts where it has pairs.

    Raises
    ------
    ArtifactError
        When the examples are lost: only their source can bring them back.
    """
    table = _table(store, split, None)
    pairs = tuple(table["text_pair"].to_pylist()) if "text_pair" in table.column_names else None
    return Examples(tuple(table["text"].to_pylist()), pairs=pairs)


def labels(store: Store, split: RowMapping) -> list[str]:
    """Return the labels of a split; raises as `texts` does."""
    column: list[str] = _table(store, split, ["label"])["label"].to_pylist()
    return column


def _table(store: Store, split: RowMapping, columns: Sequence[str] | None) -> pa.Table:
    try:
        return store.artifacts.table(split["examples_hash"], columns=columns)
    except ArtifactError as error:
        dataset: Any = store.get("dataset", id=split["dataset_id"])
        raise ArtifactError(
            f"the {split['name']} examples of '{dataset['name']}' are lost ({error.problem})",
            f"ingest them again, with --name {dataset['name']}, from {dataset['source']}",
        ) from error
