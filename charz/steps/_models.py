"""Which completion model answers: the one that ships, or one of the registry's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from charz import pending
from charz.chunks import Chunks
from charz.completion import _model, _recommend
from charz.errors import RegistryError
from charz.schema import Entry, Run

if TYPE_CHECKING:
    from charz.completion._model import Model
    from charz.store import Store

PROTOCOL = "mteb"
RECORDS = ("best", "own", "shipped")


def model(store: Store | None, record: str = "best") -> Model:
    """Return the model that answers.

    Parameters
    ----------
    record : {"best", "own", "shipped"}
        What it learned from: what this registry has of the public record, what ships with the
        package, or of these the one with more cells. What `charz import reference` brought is
        what ships.

    Raises
    ------
    RegistryError
        When the registry's own record is asked for, and it has none.
    """
    shipped = _recommend.shipped(PROTOCOL)
    n_own = 0 if store is None or record == "shipped" else store.count("entry")
    if record == "own" and not n_own:
        raise RegistryError("this registry has no record", "run 'charz ingest results mteb PATH'")
    is_better = record == "own" or (n_own >= shipped.n_cells and store and _n_brought(store) > 0)
    return _fitted(store) if store is not None and n_own and is_better else shipped


def _n_brought(store: Store) -> int:
    """Return how many entries came otherwise than with the reference."""
    query = (
        sa.select(sa.func.count().label("n"))
        .select_from(Entry)
        .outerjoin(Run, Run.id == Entry.run_id)
        .where(sa.func.coalesce(Run.command, "") != pending.REFERENCE)
    )
    return int(store.rows(query)[0]["n"])


def _fitted(store: Store) -> Model:
    """Return the model of a registry's record, fitted once and kept beside the artifacts."""
    from charz.warehouse.record import public_record

    record = public_record(store)
    chunks = Chunks(store.artifacts, f"completion-{_model.FORMAT}-{record.fingerprint}")
    kept = chunks.read(0)
    if kept is not None:
        return _model.from_bytes(kept["model"].tobytes())
    content = _model.to_bytes(_model.fit(record))
    chunks.write(0, {"model": np.frombuffer(content, dtype=np.uint8)})
    return _model.from_bytes(content)  # rounded as it will be when it is read again
