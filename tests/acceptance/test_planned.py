"""An update that follows the plan, killed at any moment, goes on where it was."""

import json
import random
import time

import pytest

from tests import recorded
from tests.cli.conftest import table, texts

from .conftest import World
from .test_interruption import kill

pytestmark = [pytest.mark.xdist_group("acceptance"), pytest.mark.slow]

PLANNED = ("update", "--plan", "--record", "own")
DRAWS = 10
CELLS = """
    SELECT e.spec, d.name, s.seed, r.accuracy FROM result r
    JOIN encoder e ON e.id = r.encoder_id JOIN subset s ON s.id = r.train_subset_id
    JOIN split ON split.id = s.split_id JOIN dataset d ON d.id = split.dataset_id
    JOIN probe p ON p.id = r.probe_id WHERE p.name = 'mteb' AND r.origin = 'measured'
"""


def planned(folder):
    """Make a registry with a tiny record, two datasets and two encoders that the record knows."""
    folder.mkdir()
    world = World(f"sqlite:///{folder / 'charz.db'}", folder / "artifacts")
    for seed, name in enumerate(("news", "blogs")):
        world.run("ingest", "dataset", str(table(folder / f"{name}.csv", texts(90, seed))))
    world.run("ingest", "results", "mteb", str(recorded.folder(folder / "record")))
    world.run("ingest", "encoder", "static:wordllama", "static:glove")
    return world


def cells(world):
    """Return accuracies by what was measured."""
    return {tuple(row.values())[:3]: row["accuracy"] for row in world.rows(CELLS)}


def test_kills_leave_no_cell_half_planned(tmp_path):
    whole, killed = planned(tmp_path / "whole"), planned(tmp_path / "killed")
    start = time.monotonic()
    whole.run(*PLANNED)
    seconds, chance = time.monotonic() - start, random.Random(0)
    for stratum in range(4):
        kill(killed.start(*PLANNED), (0.2 + 0.7 * (stratum + chance.random()) / 4) * seconds)
    killed.run(*PLANNED)
    found, wanted = cells(killed), cells(whole)
    assert found
    assert len(found) % DRAWS == 0
    both = found.keys() & wanted.keys()
    assert both
    assert {cell: found[cell] for cell in both} == {cell: wanted[cell] for cell in both}
    (left,) = json.loads(killed.run("plan", "--budget", "9", "--record", "own", "--format", "json"))
    assert left["cells"] == []
    checks = json.loads(killed.run("check", "--artifacts", "--format", "json"))
    assert [row for row in checks if row["rows"]] == []
