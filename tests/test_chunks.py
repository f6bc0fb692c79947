"""Chunks: whole or absent, by name and number, gone when they have served."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from charz import chunks
from charz.artifacts import ArtifactStore
from charz.chunks import Chunks

ARRAYS = {"0": np.arange(6, dtype=np.float32).reshape(3, 2), "cost": np.array([7.0, 0.25])}


@pytest.fixture(params=["local", "memory"])
def artifacts(request, tmp_path):
    root = str(tmp_path / "artifacts") if request.param == "local" else f"memory://{tmp_path.name}"
    made = ArtifactStore(root)
    yield made
    if request.param == "memory":
        made.fs.store.clear()


@pytest.fixture
def local(tmp_path):
    return ArtifactStore(str(tmp_path / "artifacts"))


def files(store: ArtifactStore) -> list[str]:
    return sorted(store.fs.find(store.base))


def test_a_chunk_comes_back_as_it_was(artifacts):
    Chunks(artifacts, "abc").write(4, ARRAYS)
    found = Chunks(artifacts, "abc").read(4)
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert Chunks(artifacts, "abc").read(3) is None
    assert Chunks(artifacts, "abd").read(4) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:20],
        lambda whole: whole[:-1],
        lambda whole: whole + b"\0",
        lambda whole: b"\0" + whole[1:],
        lambda whole: whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        lambda whole: whole[32:],
    ],
)
def test_a_damaged_chunk_is_as_good_as_absent(artifacts, damage):
    written = Chunks(artifacts, "abc")
    written.write(0, ARRAYS)
    (path,) = files(artifacts)
    artifacts.fs.pipe_file(path, damage(artifacts.fs.cat_file(path)))
    assert Chunks(artifacts, "abc").read(0) is None
    written.write(0, ARRAYS)
    assert Chunks(artifacts, "abc").read(0) is not None


def test_a_chunk_under_another_name_is_not_taken(local):
    Chunks(local, "abc").write(0, ARRAYS)
    (path,) = files(local)
    for name in ("abc-1", "abd-0"):
        shutil.copyfile(path, Path(path).with_name(f"{name}.npz"))
    assert Chunks(local, "abc").read(1) is None
    assert Chunks(local, "abd").read(0) is None


def test_what_was_read_or_written_is_removed_and_nothing_else(artifacts):
    Chunks(artifacts, "abc").write(0, ARRAYS)
    Chunks(artifacts, "other").write(0, ARRAYS)
    later = Chunks(artifacts, "abc")
    assert later.read(0) is not None
    later.write(1, ARRAYS)
    assert len(files(artifacts)) == 3
    later.remove()
    later.remove()
    (path,) = files(artifacts)
    assert path.endswith("other-0.npz")


def test_leftovers_are_swept_after_a_week(local):
    assert chunks.sweep(local) == 0
    for key in ("old", "new"):
        Chunks(local, key).write(0, ARRAYS)
    Path(local.base, "chunks", ".writing-x").write_bytes(b"half a chunk")
    aged = time.time() - chunks.KEPT.total_seconds() - 60
    for name in ("old-0.npz", ".writing-x"):
        os.utime(Path(local.base, "chunks", name), (aged, aged))
    assert chunks.sweep(local) == 2
    assert [Path(path).name for path in files(local)] == ["new-0.npz"]


def test_a_sweep_goes_by_the_time_of_writing_anywhere(artifacts):
    Chunks(artifacts, "abc").write(0, ARRAYS)
    hour = timedelta(hours=1)
    assert chunks.sweep(artifacts, datetime.now(UTC) - hour) == 0
    assert chunks.sweep(artifacts, datetime.now(UTC) + hour) == 1
    assert files(artifacts) == []
