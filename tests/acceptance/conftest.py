"""A filled tiny registry to update by the real command, whole or interrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from charz import store as stores
from tests import postgres, tiny

CHARZ = [sys.executable, "-c", "from charz.cli import main; main()"]


@dataclass(frozen=True)
class World:
    """A registry in a database of its own; ``environment`` is what a command there sees."""

    url: str
    artifacts: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        environment = os.environ | {
            "CHARZ_REGISTRY": self.url, "CHARZ_ARTIFACTS": str(self.artifacts),
            "CHARZ_HOME": str(self.artifacts.parent / "home"),
        }  # fmt: skip
        return subprocess.Popen(
            [*CHARZ, *arguments], env=environment, start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed; return its rows."""
        return finish(self.start(*arguments))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what was made."""
        with stores.open(self.url) as store:
            return tiny.contents(store)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query of ours."""
        import sqlalchemy as sa

        with stores.open(self.url) as store:
            return [dict(row) for row in store.rows(sa.text(query))]


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a command that must succeed."""
    said, complaint = process.communicate(timeout=900)
    assert process.returncode == 0, complaint
    return said


@dataclass(frozen=True)
class Undisturbed:
    """What one whole update made, and how long it took."""

    contents: dict[str, list[tuple[Any, ...]]]
    seconds: float
    world: World


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a registry that is updated by nobody: the one that every test starts from."""
    folder = tmp_path_factory.mktemp("filled")
    url = f"sqlite:///{folder / 'charz.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARZ_ARTIFACTS", str(folder / "artifacts"))
        with stores.open(url, create=True) as store:
            tiny.fill(store, folder / "data")
    return folder


@pytest.fixture(scope="session")
def sqlite_world(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    """Make copies of the filled registry."""

    def make() -> World:
        folder = tmp_path_factory.mktemp("world")
        shutil.copyfile(filled / "charz.db", folder / "charz.db")
        shutil.copytree(filled / "artifacts", folder / "artifacts")
        return World(f"sqlite:///{folder / 'charz.db'}", folder / "artifacts")

    return make


@pytest.fixture
def postgres_world(
    filled: Path, postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Fill a PostgreSQL registry with the same things."""
    with postgres.database(postgres_server) as url:
        stores.upgrade(url)
        monkeypatch.setenv("CHARZ_ARTIFACTS", str(tmp_path / "artifacts"))
        with stores.open(url) as store:
            tiny.fill(store, filled / "data")
        yield World(url, tmp_path / "artifacts")


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    """Make a filled registry: once of SQLite, once of PostgreSQL."""
    if request.param == "sqlite":
        made: World = request.getfixturevalue("sqlite_world")()
    else:
        made = request.getfixturevalue("postgres_world")
    return made


@pytest.fixture(scope="session")
def undisturbed(sqlite_world: Callable[[], World]) -> Undisturbed:
    """Update a registry in one go."""
    world = sqlite_world()
    began = time.monotonic()
    world.run("update", "--workers", "2")
    seconds = time.monotonic() - began
    return Undisturbed(world.contents(), seconds, world)
