"""Arrays and tables by content hash, on any filesystem that fsspec knows.

An artifact's name is the SHA-256 of its bytes, so it is written once, never changed and
verified on every read. Local files are written to a temporary name, synced and renamed: a
killed writer leaves nothing that could be mistaken for an artifact.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np

from charz.errors import ArtifactError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Artifact:
    """What was stored: the columns of the ``artifact`` table."""

    hash: str
    kind: str
    suffix: str
    n_bytes: int
    dtype: str | None = None
    shape: list[int] | None = None


class ArtifactStore:
    """A folder or bucket of artifacts.

    Parameters
    ----------
    root : str
        A local path or an fsspec URL (``s3://bucket/charz``, ``memory://charz``).

    Examples
    --------
    >>> store = ArtifactStore("memory://doctest")
    >>> stored = store.put_array(np.eye(2, dtype=np.float32), kind="embedding")
    >>> store.array(stored.hash)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, root: str) -> None:
        self.root = root
        try:
            self.fs, self.base = fsspec.core.url_to_fs(root)
        except (ValueError, ImportError) as error:
            raise ArtifactError(
                f"artifacts cannot be kept at {root} ({error})", "set CHARZ_ARTIFACTS to a folder"
            ) from error
        self._is_local = "file" in self.fs.protocol

    def put_array(self, array: NDArray[Any], kind: str) -> Artifact:
        """Store an array as ``.npy`` and return its record."""
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
        return self._put(buffer.getvalue(), kind, ".npy", str(array.dtype), list(array.shape))

    def put_arrays(self, arrays: dict[str, NDArray[Any]], kind: str) -> Artifact:
        """Store named arrays as one uncompressed ``.npz``."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return self._put(buffer.getvalue(), kind, ".npz")

    def put_table(self, table: pa.Table, kind: str) -> Artifact:
        """Store a table as Parquet."""
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        return self._put(
            buffer.getvalue(), kind, ".parquet", None, [table.num_rows, table.num_columns]
        )

    def array(self, hash: str) -> NDArray[Any]:  # noqa: A002 - the column's name
        """Read an array, verified.

        Raises
        ------
        ArtifactError
            When it is missing or its bytes no longer have its hash; a damaged file is set
            aside, so that the next run writes it anew.
        """
        content = io.BytesIO(self.read(hash, ".npy"))
        with _parsing(self.path(hash, ".npy")):
            return np.lib.format.read_array(content, allow_pickle=False)

    def arrays(self, hash: str) -> dict[str, NDArray[Any]]:  # noqa: A002
        """Read named arrays, verified."""
        content = io.BytesIO(self.read(hash, ".npz"))
        with (
            _parsing(self.path(hash, ".npz")),
            np.lib.npyio.NpzFile(content, allow_pickle=False) as stored,
        ):
            return {name: stored[name] for name in stored.files}

    def table(self, hash: str, columns: Sequence[str] | None = None) -> pa.Table:  # noqa: A002
        """Read a table, verified, or some of its columns."""
        import pyarrow.parquet as pq

        wanted = list(columns) if columns is not None else None
        content = io.BytesIO(self.read(hash, ".parquet"))
        with _parsing(self.path(hash, ".parquet")):
            return pq.read_table(content, columns=wanted)

    def read(self, hash: str, suffix: str) -> bytes:  # noqa: A002
        """Return an artifact's bytes once they are shown to be the ones stored."""
        path = self.path(hash, suffix)
        try:
            content = self.fs.cat_file(path)
        except FileNotFoundError as error:
            raise ArtifactError(
                f"the artifact {path} is missing", "run 'charz update' to make it again"
            ) from error
        except OSError as error:
            raise ArtifactError(
                f"the artifact {path} cannot be read ({error})", "check the disk and its rights"
            ) from error
        if hashlib.sha256(content).hexdigest() != hash:
            raise ArtifactError(
                f"the artifact {path} is damaged{self._set_aside(path)}",
                "run 'charz update' to make it again",
            )
        return bytes(content)

    def _set_aside(self, path: str) -> str:
        try:
            self.fs.mv(path, path + ".damaged")
        except OSError:
            return ""
        return f" and was set aside as {path}.damaged"

    def copy(self, source: ArtifactStore, hash: str, suffix: str) -> None:  # noqa: A002
        """Bring an artifact here from another store, verified, unless it is here."""
        path = self.path(hash, suffix)
        if not self.fs.exists(path):
            self.write(path, source.read(hash, suffix))

    def path(self, hash: str, suffix: str) -> str:  # noqa: A002
        """Return where an artifact lies.

        Raises
        ------
        ArtifactError
            When the name is no hash: it came from outside and could point anywhere.
        """
        if not _HASH.fullmatch(hash):
            raise ArtifactError(f"'{hash}' is no hash of an artifact", "run 'charz check'")
        return f"{self.base}/{hash[:2]}/{hash[2:]}{suffix}"

    def has(self, hash: str, suffix: str) -> bool:  # noqa: A002
        """Return whether an artifact is there (without verifying it)."""
        return bool(self.fs.exists(self.path(hash, suffix)))

    def _put(
        self,
        content: bytes,
        kind: str,
        suffix: str,
        dtype: str | None = None,
        shape: list[int] | None = None,
    ) -> Artifact:
        name = hashlib.sha256(content).hexdigest()
        path = self.path(name, suffix)
        if not self.fs.exists(path) or self.fs.size(path) != len(content):
            self.write(path, content)
        return Artifact(name, kind, suffix, len(content), dtype, shape)

    def write(self, path: str, content: bytes) -> None:
        """Write a file below ``base``, whole or not at all.

        Raises
        ------
        ArtifactError
            When there is no room or no right to write.
        """
        try:
            if self._is_local:
                _write_local(Path(path), content)
            else:
                self.fs.pipe_file(path, content)
        except OSError as error:
            raise ArtifactError(
                f"cannot write the artifact {path} ({error.strerror or error})",
                "free space, mend the rights, or set CHARZ_ARTIFACTS to another place",
            ) from error


@contextmanager
def _parsing(path: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            f"the artifact {path} is not what its name says ({error})",
            "it was not written by charz: remove it and run 'charz update'",
        ) from error


def _write_local(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
