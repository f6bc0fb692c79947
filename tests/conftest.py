"""Fixtures for every test: real databases, a data home of its own, no network."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import compiled, postgres

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two OpenMP teams on the same cores spin against each other: minutes instead of seconds.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

os.environ["HF_HUB_OFFLINE"] = "1"

os.environ["NUMBA_CACHE_DIR"] = os.environ.get("NUMBA_CACHE_DIR") or compiled.cache()

from charz import store as stores


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what rewrites golden files."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture(autouse=True)
def charz_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a data home of its own."""
    home = tmp_path / "charz-home"
    monkeypatch.setenv("CHARZ_HOME", str(home))
    for name in ("CHARZ_REGISTRY", "CHARZ_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run one PostgreSQL server per worker, started when first asked for."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.server())
        except postgres.NoServerError as reason:
            pytest.skip(str(reason))
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite registry that is not there yet."""
    return f"sqlite:///{tmp_path / 'charz.db'}"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Make an empty PostgreSQL database."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest) -> str:
    """Name an empty database: once of SQLite, once of PostgreSQL."""
    wanted = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(wanted)
    return url


@pytest.fixture(scope="session")
def made_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a registry to copy: migrating anew for every test would take longest."""
    file = tmp_path_factory.mktemp("made") / "charz.db"
    stores.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def made_postgres(postgres_server: str) -> Iterator[str]:
    """Make a database to copy, and name it."""
    with postgres.database(postgres_server) as url:
        stores.upgrade(url)
        yield url.split("/")[3].split("?")[0]


@pytest.fixture
def sqlite_store(sqlite_url: str, made_sqlite: Path) -> Iterator[stores.Store]:
    """Open a SQLite registry without rows."""
    shutil.copyfile(made_sqlite, sqlite_url.removeprefix("sqlite:///"))
    with stores.open(sqlite_url) as opened:
        yield opened


@pytest.fixture
def postgres_store(postgres_server: str, made_postgres: str) -> Iterator[stores.Store]:
    """Open a PostgreSQL registry without rows."""
    with postgres.database(postgres_server, made_postgres) as url, stores.open(url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> stores.Store:
    """Open a registry without rows: once in SQLite, once in PostgreSQL."""
    wanted = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    opened: stores.Store = request.getfixturevalue(wanted)
    return opened


@pytest.fixture
def protected() -> Iterator[Callable[[Path], None]]:
    """Make files and folders unwritable, for root too."""
    locked: list[Path] = []

    def protect(path: Path) -> None:
        if os.geteuid() == 0:
            chattr = shutil.which("chattr")
            if not chattr or subprocess.run([chattr, "+i", path], capture_output=True).returncode:
                pytest.skip("root writes everywhere, and this filesystem has no immutable files")
        else:
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        locked.append(path)

    yield protect
    for path in reversed(locked):
        if os.geteuid() == 0:
            subprocess.run(["chattr", "-i", path], check=True)
        else:
            path.chmod(0o700)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def lab() -> Path:
    """Return the folder of reference data: ``CHARZ_LAB``, or ``shared`` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CHARZ_LAB", beside))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set CHARZ_LAB")
    return folder


@pytest.fixture(scope="session")
def lab_encoders() -> Path:
    """Return the folder of downloaded encoders, ``CHARZ_LAB_ENCODERS``."""
    folder = os.environ.get("CHARZ_LAB_ENCODERS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no encoders; set CHARZ_LAB_ENCODERS")
    return Path(folder)
