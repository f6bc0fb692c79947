"""Artifacts: by content hash, whole or absent, verified on every read."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from charz.artifacts import ArtifactStore
from charz.errors import ArtifactError
from tests import processes


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


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


NUMBERS = st.one_of(
    hnp.floating_dtypes(endianness="<", sizes=(16, 32, 64)),
    hnp.integer_dtypes(endianness="<"),
    hnp.boolean_dtypes(),
    hnp.unicode_string_dtypes(endianness="<", max_len=5),
)
ARRAYS = NUMBERS.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
)


@given(array=ARRAYS)
@settings(deadline=None, max_examples=150)
def test_every_array_comes_back_as_it_was(array):
    store = ArtifactStore("memory://arrays")
    stored = store.put_array(array, "embedding")
    found = store.array(stored.hash)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert (stored.dtype, stored.shape) == (str(array.dtype), list(array.shape))


@given(arrays=st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), ARRAYS, max_size=3))
@settings(deadline=None, max_examples=60)
def test_named_arrays_come_back_as_they_were(arrays):
    store = ArtifactStore("memory://arrays")
    found = store.arrays(store.put_arrays(arrays, "metamodel").hash)
    assert {name: (array.dtype, array.tobytes()) for name, array in found.items()} == {
        name: (array.dtype, array.tobytes()) for name, array in arrays.items()
    }


@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_the_memory_layout_does_not_change_the_name(artifacts, order):
    array = np.arange(24, dtype=np.float16).reshape(4, 6)
    laid_out = np.repeat(array, 2, axis=1)[:, ::2] if order == "strided" else array.copy(order)
    plain = artifacts.put_array(array, "embedding")
    assert artifacts.put_array(laid_out, "embedding") == plain
    assert np.array_equal(artifacts.array(plain.hash), array)


def test_the_name_is_the_hash_of_the_bytes(artifacts):
    stored = artifacts.put_array(np.eye(3, dtype=np.float32), "embedding")
    content = artifacts.fs.cat_file(artifacts.path(stored.hash, ".npy"))
    assert hashlib.sha256(content).hexdigest() == stored.hash
    assert len(content) == stored.n_bytes
    assert np.array_equal(np.load(io.BytesIO(content), allow_pickle=False), np.eye(3))
    assert artifacts.has(stored.hash, ".npy")
    assert not artifacts.has(stored.hash, ".npz")


def test_the_same_arrays_have_the_same_name_at_any_time(artifacts, monkeypatch):
    arrays = {"a": np.arange(3), "b": np.eye(2)}
    first = artifacts.put_arrays(arrays, "metamodel")
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert artifacts.put_arrays(arrays, "metamodel") == first


def test_tables_come_back_whole_or_by_column(artifacts):
    table = pa.table({"text": ["a", "ß\0", None], "label": pa.array([0, 1, 2], pa.int8())})
    stored = artifacts.put_table(table, "examples")
    assert artifacts.table(stored.hash).equals(table)
    assert artifacts.table(stored.hash, ["label"]).equals(table.select(["label"]))
    assert stored.shape == [3, 2]


def test_objects_are_refused(artifacts):
    objects = np.array([{"a": 1}, None], dtype=object)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        artifacts.put_array(objects, "embedding")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        artifacts.put_arrays({"a": objects}, "metamodel")


class Trap:
    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_pickle_is_never_run(local, tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([Trap()], dtype=object), allow_pickle=True)
    if suffix == ".npz":
        inner, buffer = buffer.getvalue(), io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.npy", inner)
    for content in (buffer.getvalue(), pickle.dumps(Trap())):
        name = hashlib.sha256(content).hexdigest()
        path = Path(local.path(name, suffix))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with pytest.raises(ArtifactError):
            (local.array if suffix == ".npy" else local.arrays)(name)
    assert not (tmp_path / "sprung").exists()


# --- damage


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [flip, lambda content: content[:-1], lambda content: b""])
def test_damage_is_seen_and_set_aside(artifacts, damage):
    array = np.linspace(0, 1, 100)
    stored = artifacts.put_array(array, "embedding")
    path = artifacts.path(stored.hash, ".npy")
    artifacts.fs.pipe_file(path, damage(artifacts.fs.cat_file(path)))
    with pytest.raises(ArtifactError, match=r"damaged and was set aside .*charz update"):
        artifacts.array(stored.hash)
    assert not artifacts.has(stored.hash, ".npy")
    assert artifacts.fs.exists(path + ".damaged")
    with pytest.raises(ArtifactError, match="missing"):
        artifacts.array(stored.hash)
    assert artifacts.put_array(array, "embedding") == stored
    assert np.array_equal(artifacts.array(stored.hash), array)


def test_damage_where_nothing_can_be_set_aside_is_still_an_error(local, protected):
    stored = local.put_array(np.arange(9), "embedding")
    path = Path(local.path(stored.hash, ".npy"))
    path.write_bytes(flip(path.read_bytes()))
    protected(path.parent)
    with pytest.raises(ArtifactError, match="damaged"):
        local.array(stored.hash)


def test_a_missing_artifact_is_named(artifacts):
    with pytest.raises(ArtifactError, match=r"/00/0{62}\.npz is missing.*charz update"):
        artifacts.arrays("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63, "g" * 64, "A" * 64])
def test_a_name_that_is_no_hash_opens_nothing(local, name):
    with pytest.raises(ArtifactError):
        local.read(name, ".npy")


def test_a_damaged_file_is_written_over(local):
    array = np.arange(5)
    stored = local.put_array(array, "embedding")
    path = Path(local.path(stored.hash, ".npy"))
    path.write_bytes(path.read_bytes()[:-1])
    local.put_array(array, "embedding")
    assert np.array_equal(local.array(stored.hash), array)


# --- writing


def test_a_read_only_folder_is_named(tmp_path, protected):
    folder = tmp_path / "artifacts"
    folder.mkdir()
    protected(folder)
    with pytest.raises(ArtifactError, match=r"cannot write .*CHARZ_ARTIFACTS"):
        ArtifactStore(str(folder)).put_array(np.eye(2), "embedding")


def test_a_full_disk_is_named_and_leaves_no_rest(small_disk):
    store = ArtifactStore(str(small_disk / "artifacts"))
    kept = store.put_array(np.eye(2), "embedding")
    with pytest.raises(ArtifactError, match=r"No space left on device.*free space"):
        store.put_array(np.zeros(2_000_000), "embedding")
    assert files(small_disk) == [Path(store.path(kept.hash, ".npy"))]
    assert np.array_equal(store.array(kept.hash), np.eye(2))


WRITER = """
import sys
import numpy as np
from charz.artifacts import ArtifactStore
store = ArtifactStore(sys.argv[1])
print("ready")
for n in range(100_000):
    stored = store.put_array(np.full((400, 300), n, dtype=np.float32), "embedding")
    print(stored.hash)
"""


def test_a_killed_writer_leaves_no_artifact_that_is_not_one(tmp_path):
    store = ArtifactStore(str(tmp_path / "artifacts"))
    for after in range(1, 9):
        said = processes.kill(processes.start(WRITER, store.root), after=after)
        assert said.pop(0) == "ready"
        for name in said:
            found = store.array(name)
            assert np.array_equal(found, np.full((400, 300), found[0, 0]))
    finished = [path for path in files(Path(store.root)) if not path.name.startswith(".writing-")]
    assert finished
    for path in finished:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name + path.stem


SAME = """
import sys
import numpy as np
from charz.artifacts import ArtifactStore
store = ArtifactStore(sys.argv[1])
for n in range(200):
    stored = store.put_array(np.full(1000, n % 20), "embedding")
    assert store.array(stored.hash)[0] == n % 20
"""


def test_several_processes_may_write_the_same_artifacts(local):
    writers = [processes.start(SAME, local.root) for _ in range(3)]
    for writer in writers:
        processes.finish(writer)
    assert len(files(Path(local.root))) == 20


def test_any_filesystem_of_fsspec_will_do(tmp_path):
    store = ArtifactStore(f"file://{tmp_path / 'by-url'}")
    stored = store.put_array(np.eye(2), "embedding")
    assert Path(store.path(stored.hash, ".npy")).exists()
    with fsspec.open(f"file://{store.path(stored.hash, '.npy')}", "rb") as file:
        assert np.array_equal(np.load(file), np.eye(2))


def test_a_filesystem_that_is_not_known_is_named():
    with pytest.raises(ArtifactError, match="CHARZ_ARTIFACTS"):
        ArtifactStore("nonsense://bucket")
