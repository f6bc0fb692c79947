"""Updates killed at any moment, and updates side by side, end where one whole update ends."""

import json
import os
import random
import signal
import subprocess

import pytest

from .conftest import finish

pytestmark = [pytest.mark.xdist_group("acceptance"), pytest.mark.slow]

UPDATE = ("update", "--workers", "2")


def kill(process, seconds):
    """Kill a command and all of its workers after some seconds, unless it ended before."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return process.returncode


def settle(world, undisturbed):
    """Update to the end; then everything is there, is the same, and nothing is left to do."""
    world.run(*UPDATE)
    found = world.contents()
    for table, rows in undisturbed.contents.items():
        assert found[table] == rows, table
    checks = json.loads(world.run("check", "--artifacts", "--format", "json"))
    assert [row for row in checks if row["rows"]] == []


def test_the_world_is_not_trivial(undisturbed):
    made = {table: len(rows) for table, rows in undisturbed.contents.items()}
    # 3 encoders: 5 datasets x (2 sizes x 2 seeds + noisy) and 6 shifts, 2 probes each.
    assert made["result"] == 3 * (5 * (4 + 1) + 6) * 2
    # 10 splits each; tfidf also embeds 6 test splits by what another dataset taught it.
    assert made["embedding"] == 3 * 10 + 6
    assert made["failure"] == 0
    assert made["metamodel"] == 1


@pytest.mark.parametrize("chain", [0, 1])
def test_five_kills_change_nothing(chain, sqlite_world, undisturbed):
    """Each killed update is followed by another; ten moments in all, spread over the time."""
    world, chance = sqlite_world(), random.Random(chain)
    for stratum in range(5):
        moment = (0.15 + 0.8 * (stratum + chance.random()) / 5) * undisturbed.seconds
        kill(world.start(*UPDATE), moment)
    settle(world, undisturbed)


def test_kills_change_nothing_in_postgresql(postgres_world, undisturbed):
    chance = random.Random(2)
    for _ in range(2):
        moment = (0.3 + 0.3 * chance.random()) * undisturbed.seconds
        kill(postgres_world.start(*UPDATE), moment)
    settle(postgres_world, undisturbed)


def test_two_updates_at_once_end_as_one(world, undisturbed):
    both = [world.start(*UPDATE), world.start(*UPDATE)]
    for process in both:
        finish(process)
    settle(world, undisturbed)


def test_a_new_encoder_costs_only_its_own_cells(sqlite_world, undisturbed):
    world = sqlite_world()
    world.run(*UPDATE)
    before = world.contents()
    last = world.rows("SELECT max(id) AS id FROM run")[0]["id"]
    world.run("ingest", "encoder", "random:hash?dims=8")
    world.run(*UPDATE)
    for table in ("result", "feature_value", "embedding"):
        new = world.rows(
            f"SELECT DISTINCT spec FROM {table} JOIN encoder ON encoder.id = encoder_id"
            f" WHERE {table}.run_id > {last}"
        )
        assert new == [{"spec": "random:hash?dims=8"}]
        added = len(world.contents()[table]) - len(before[table])
        hashed = [row for row in before[table] if row[0] == "random:hash?dims=32"]
        assert added == len(hashed)
    assert world.rows(f"SELECT count(*) AS n FROM subset WHERE run_id > {last}") == [{"n": 0}]
