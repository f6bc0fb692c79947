"""Folders that leave a registry and come back: whole or not there, held to their hashes."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from charz.errors import ArtifactError, InputError

UNREADABLE = (pa.ArrowException, ValueError, KeyError, sa.exc.StatementError)
"""What hostile or damaged rows raise on their way in."""


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """Yield a folder that takes its name once it is whole, and is gone when it is not.

    Raises
    ------
    InputError
        When the name is taken or the folder cannot be written.
    """
    if place.exists() or place.is_symlink():
        raise InputError(f"{place} is there already", "give the name of a new folder")
    growing = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        growing.mkdir(parents=True)
        yield growing
        _sync(growing)
        growing.rename(place)
    except OSError as error:
        raise InputError(
            f"cannot write {place} ({error.strerror or error})",
            "free space or give a folder that you may write",
        ) from error
    finally:
        shutil.rmtree(growing, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as opened:
                os.fsync(opened.fileno())


@contextmanager
def refusals(folder: Path) -> Iterator[None]:
    """Turn what a damaged or hostile folder raises into one clear error."""
    try:
        yield
    except ArtifactError as error:
        raise InputError(error.problem, "export it anew") from error
    except (*UNREADABLE, TypeError, OSError) as error:
        raise InputError(
            f"{folder} cannot be imported: {_plain_reason(error)}", "export it anew"
        ) from error


def _plain_reason(error: Exception) -> str:
    """Return what was wrong with the rows, in a line."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0]


def hold(path: Path, digest: str) -> None:
    """Hold a file to its hash.

    Raises
    ------
    InputError
        When it is missing, no plain file, or has another hash.
    """
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{path} is missing or no plain file", "export it anew")
    if sha256(path) != digest:
        raise InputError(f"{path} is damaged: its hash is not the manifest's", "export it anew")


def file(folder: Path, table: str) -> Path:
    """Return where a table lies in an exported folder."""
    return folder / f"{table}.parquet"


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
