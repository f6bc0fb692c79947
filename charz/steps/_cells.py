"""Units over (encoder, dataset): shared by the steps that measure samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from charz import pending
from charz.pending import Statement
from charz.steps import _filters, _units
from charz.store import Store


def units(
    store: Store,
    statement: Statement,
    encoders: Sequence[str],
    datasets: Sequence[str],
    extra: Any = None,
) -> list[_units.Unit]:
    """Return one unit per (encoder, dataset) that ``statement`` has rows for.

    Raises
    ------
    UnknownNameError
        When a pattern of ``encoders`` or ``datasets`` matches nothing.
    """
    specs = _filters.encoders(store, encoders)
    names = _filters.datasets(store, datasets)
    found = []
    for row in store.rows(pending.units(statement)):
        encoder_id, dataset_id = row["encoder_id"], row["dataset_id"]
        if encoder_id in specs and dataset_id in names:
            name = f"{specs[encoder_id]} on {names[dataset_id]}"
            found.append(_units.Unit(name, (encoder_id, dataset_id, extra), row["n"]))
    return found
