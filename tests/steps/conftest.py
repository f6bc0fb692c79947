"""A tiny world brought up to date once, and copies of it to change."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from charz import store as stores
from charz.schema import TABLES
from charz.steps import update
from charz.store import Store
from tests import tiny


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a registry and bring it up to date; nobody may change it."""
    folder = tmp_path_factory.mktemp("done")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CHARZ_ARTIFACTS", raising=False)
        with stores.open(f"sqlite:///{folder / 'charz.db'}", create=True) as store:
            tiny.fill(store, folder / "data")
            summaries = update.run(store)
    assert all(summary.failed == summary.left == 0 for summary in summaries)
    return folder


@pytest.fixture
def finished(done: Path, tmp_path: Path) -> Iterator[Store]:
    """Open a copy of the registry that is up to date."""
    shutil.copyfile(done / "charz.db", tmp_path / "copy.db")
    shutil.copytree(done / "charz.artifacts", tmp_path / "copy.artifacts")
    with stores.open(f"sqlite:///{tmp_path / 'copy.db'}") as store:
        yield store


@pytest.fixture(scope="session")
def truth(done: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the registry that is up to date holds."""
    with stores.open(f"sqlite:///{done / 'charz.db'}") as store:
        return tiny.contents(store)


@pytest.fixture
def select() -> Callable[..., list[dict[str, Any]]]:
    """Return the rows of a SELECT."""

    def rows(store: Store, query: str, **parameters: Any) -> list[dict[str, Any]]:
        found = store.rows(sa.text(query).bindparams(**parameters))
        return [dict(row) for row in found]

    return rows


@pytest.fixture
def members() -> Callable[[Store, int], np.ndarray]:
    """Return a subset's (rows, label codes)."""

    def of(store: Store, subset_id: int) -> np.ndarray:
        row = store.get("subset", id=subset_id)
        return store.artifacts.array(row["members_hash"])[: row["n_rows"]]

    return of


@pytest.fixture
def sizes() -> Callable[[Store], dict[str, int]]:
    """Count the rows of every table but those of runs."""

    def of(store: Store) -> dict[str, int]:
        return {name: store.count(name) for name in TABLES if name != "run"}

    return of
