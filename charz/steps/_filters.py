"""Which encoders, datasets and protocols a step is asked to do: names or shell patterns."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import sqlalchemy as sa

from charz.errors import UnknownNameError
from charz.schema import Dataset, Encoder, Protocol
from charz.store import Store


def encoders(store: Store, patterns: Sequence[str] = ()) -> dict[int, str]:
    """Return id and spec of the encoders that match a pattern, of all when there is none.

    Raises
    ------
    UnknownNameError
        When a pattern matches nothing.
    """
    rows = store.rows(sa.select(Encoder.id, Encoder.spec).order_by(Encoder.id))
    return _matching("encoder", {row["id"]: row["spec"] for row in rows}, patterns)


def datasets(store: Store, patterns: Sequence[str] = ()) -> dict[int, str]:
    """Return id and name of the datasets that match a pattern, of all when there is none."""
    rows = store.rows(sa.select(Dataset.id, Dataset.name).order_by(Dataset.id))
    return _matching("dataset", {row["id"]: row["name"] for row in rows}, patterns)


def protocol_ids(store: Store, patterns: Sequence[str] = ()) -> tuple[int, ...] | None:
    """Return the ids of the protocols that match a pattern, None when there is no pattern."""
    rows = store.rows(sa.select(Protocol.id, Protocol.name).order_by(Protocol.id))
    names = {row["id"]: row["name"] for row in rows}
    return tuple(_matching("protocol", names, patterns)) if patterns else None


def _matching(what: str, names: dict[int, str], patterns: Sequence[str]) -> dict[int, str]:
    if not patterns:
        return names
    chosen: dict[int, str] = {}
    for pattern in patterns:
        hits = {
            key: name for key, name in names.items() if name == pattern or _match(name, pattern)
        }
        if not hits:
            raise UnknownNameError.among(what, pattern, names.values())
        chosen |= hits
    return chosen


def _match(name: str, pattern: str) -> bool:
    # '?' and '[' are ordinary characters of encoder specs; only '*' is a wildcard.
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(name, literal)
