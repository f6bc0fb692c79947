"""Fingerprints of files and what a safetensors header tells."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from charz.errors import InputError

_LONGEST_HEADER = 100_000_000


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read once per (path, size, time)."""
    try:
        stat = path.stat()
        return _sha256(str(path), stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise _unreadable(path, error) from error


@lru_cache(maxsize=4096)
def _sha256(path: str, size: int, changed: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(root: Path, paths: Iterable[Path]) -> str:
    """Return one hash over the names (relative to ``root``) and bytes of files."""
    lines = sorted(f"{path.relative_to(root).as_posix()} {sha256(path)}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def of_settings(*settings: object) -> str:
    """Return a hash of plain settings, for encoders that have no weights.

    >>> of_settings("tfidf", 256) == of_settings("tfidf", 256) != of_settings("tfidf", 64)
    True
    """
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    InputError
        When it cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is no JSON", "fetch or write the file again") from error


def read_object(path: Path) -> dict[str, Any]:
    """Return the content of a JSON file that holds one object; {} when there is no file."""
    if not path.exists():
        return {}
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"'{path}' holds no JSON object", "fetch or write the file again")
    return content


def tensors(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a safetensors file's tensors by name, after checking its length.

    Raises
    ------
    InputError
        When the file is truncated or its header is damaged.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _LONGEST_HEADER:
                raise _damaged(path)
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        shapes = {name: tuple(map(int, entry["shape"])) for name, entry in header.items()}
        end = max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _damaged(path) from error
    if os.path.getsize(path) != 8 + length + end:
        raise _damaged(path)
    return shapes


def n_elements(shapes: Iterable[tuple[int, ...]]) -> int:
    """Return how many numbers tensors of these shapes hold."""
    return sum(math.prod(shape) for shape in shapes)


def _damaged(path: Path) -> InputError:
    return InputError(f"'{path}' is damaged: its header and length disagree", "fetch it again")


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"'{path}' cannot be read: {error.strerror}", "check the path and its rights")
