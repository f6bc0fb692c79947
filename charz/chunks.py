"""Chunks: finished parts of an embedding, and what was made of a user's texts, kept for a while.

A chunk lies beside the artifacts under a key of everything that its numbers depend on. It
begins with a hash of its name and its bytes: one that is cut short, altered or renamed is
as good as absent. Local chunks are written to a temporary name, synced and renamed.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from charz.artifacts import ArtifactStore

KEPT = timedelta(days=7)
"""How long a chunk waits for the run that takes it up."""

_FOLDER = "chunks"
_HASH_BYTES = hashlib.sha256().digest_size


def key_of(settings: Sequence[object], texts: Iterable[str]) -> str:
    """Return the key of what settings make of texts: a hash that tells where each text ends."""
    digest = hashlib.sha256(json.dumps(settings).encode())
    for text in texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


class Chunks:
    """The numbered chunks of one piece of work.

    Parameters
    ----------
    artifacts : ArtifactStore
        Where they lie.
    key : str
        A hash of all that the chunks' numbers depend on.

    Examples
    --------
    >>> from charz.artifacts import ArtifactStore
    >>> chunks = Chunks(ArtifactStore("memory://doctest-chunks"), "c0ffee")
    >>> chunks.write(0, {"X": np.eye(2)})
    >>> chunks.read(0)["X"]
    array([[1., 0.],
           [0., 1.]])
    >>> chunks.remove()
    >>> chunks.read(0) is None
    True
    """

    def __init__(self, artifacts: ArtifactStore, key: str) -> None:
        self._artifacts = artifacts
        self._key = key
        self._known: set[int] = set()

    def write(self, number: int, arrays: dict[str, NDArray[Any]]) -> None:
        """Keep named arrays as one chunk.

        Raises
        ------
        ArtifactError
            When there is no room or no right to write.
        """
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        content = buffer.getvalue()
        self._artifacts.write(self._path(number), self._hash(number, content) + content)
        self._known.add(number)

    def read(self, number: int) -> dict[str, NDArray[Any]] | None:
        """Return a chunk's arrays, or None when it is not there or not whole."""
        try:
            stored = self._artifacts.fs.cat_file(self._path(number))
        except OSError:
            return None
        content = stored[_HASH_BYTES:]
        if stored[:_HASH_BYTES] != self._hash(number, content):
            return None
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile):
            return None
        self._known.add(number)
        return arrays

    def remove(self) -> None:
        """Remove the chunks that were read or written."""
        for number in self._known:
            _remove(self._artifacts, self._path(number))
        self._known.clear()

    def _path(self, number: int) -> str:
        return f"{self._artifacts.base}/{_FOLDER}/{self._key}-{number}.npz"

    def _hash(self, number: int, content: bytes) -> bytes:
        return hashlib.sha256(f"{self._key}-{number}:".encode() + content).digest()


def sweep(artifacts: ArtifactStore, before: datetime | None = None) -> int:
    """Remove chunks that nobody took up, and return how many.

    Parameters
    ----------
    artifacts : ArtifactStore
        Where they lie.
    before : datetime, optional
        Those last written before this moment; default: `KEPT` ago.
    """
    limit = before or datetime.now(UTC) - KEPT
    folder = f"{artifacts.base}/{_FOLDER}"
    try:
        paths = artifacts.fs.ls(folder, detail=False) if artifacts.fs.isdir(folder) else []
    except OSError:
        return 0
    return sum(_remove(artifacts, path) for path in paths if _is_older(artifacts, path, limit))


def _is_older(artifacts: ArtifactStore, path: str, limit: datetime) -> bool:
    try:
        changed: datetime = artifacts.fs.modified(path)
    except OSError:  # another run removed it
        return False
    return (changed if changed.tzinfo else changed.replace(tzinfo=UTC)) < limit


def _remove(artifacts: ArtifactStore, path: str) -> bool:
    try:
        artifacts.fs.rm_file(path)
    except OSError:  # another run was quicker, or it has to wait for the sweep
        return False
    return True
