"""Answer: keep what was told of a user's own texts, so that a team can ask for it again.

Writes one answer: what was asked, hashes of the files, and what was said, less the texts. A
forecast that a truth can settle is a prediction instead.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from charz.steps import _files, _folders
from charz.store import Store

TEXTS = frozenset({"example", "examples", "text", "text_pair"})
"""Names under which an answer holds texts: they are left out of what is kept."""
TIMES = frozenset({"seconds"})
"""What is never twice the same: left out of the key."""


def keep(
    store: Store | None,
    command: str,
    *,
    files: Mapping[str, str | Sequence[str] | None],
    asked: Mapping[str, Any],
    said: Mapping[str, Any],
) -> str | None:
    """Keep an answer, and return the key to find it by; None without a registry.

    The same answer to the same question is one row, whatever it took to find it.

    Parameters
    ----------
    store : Store or None
    command : str
        The one that answered: compare, coverage, label or head.
    files : mapping
        Paths by their role: ``train``, ``eval``, ``pool``, ``labelled``.
    asked : mapping
        Encoders, levels and whatever else was asked for.
    said : mapping
        The answer: what JSON holds, once `plain`.
    """
    if store is None:
        return None
    row = {
        "command": command,
        "asked": plain(asked),
        "files": {role: _hashes(paths) for role, paths in files.items() if paths},
        "said": plain(said),
    }
    key = _files.key(json.dumps(plain(row, TIMES), sort_keys=True))
    store.put("answer", [{"key": key, "run_id": store.run_id, **row}])
    return key


def plain(value: Any, without: Collection[str] = TEXTS) -> Any:
    """Return a value as every database's JSON holds it, without what stands under some names.

    >>> plain({"low": np.float64("nan"), "regions": ({"name": "a", "examples": ["a b"]},)})
    {'low': None, 'regions': [{'name': 'a'}]}
    """
    if isinstance(value, Mapping):
        return {
            str(name): plain(each, without) for name, each in value.items() if name not in without
        }
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(each, without) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return _files.finite(value)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _hashes(paths: str | Sequence[str]) -> str | list[str]:
    """Return the SHA-256 of each file's bytes."""
    if isinstance(paths, str):
        return _folders.sha256(Path(paths))
    return [str(_hashes(each)) for each in paths]
