"""The small registry and its warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from charz import store as stores
from charz.warehouse import Warehouse, queryfile
from tests import small_registry
from tests.small_registry import Small

Ask = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[stores.Store, Small]]:
    """Fill one registry for a file of tests that only read it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('small') / 'charz.db'}"
    with stores.open(url, create=True) as store:
        yield store, small_registry.fill(store)


@pytest.fixture
def small(filled: tuple[stores.Store, Small]) -> Small:
    """Return the flat rows of the small registry."""
    return filled[1]


@pytest.fixture(scope="module")
def warehouse(filled: tuple[stores.Store, Small]) -> Iterator[Warehouse]:
    """Open the small registry's warehouse."""
    with Warehouse(filled[0]) as opened:
        yield opened


@pytest.fixture
def ask(warehouse: Warehouse) -> Ask:
    """Return a function that runs a query file on the small registry."""

    def run(name: str, **parameters: Any) -> pd.DataFrame:
        return warehouse.run(queryfile.read(name), parameters)

    return run
