import zipfile

import numpy
import pytest

from charz.errors import InputError, OfflineError, UnknownNameError
from charz.wheels import WheelFiles, locate, member


def wheel(folder, name="demo_data-1.0.0-py3-none-any.whl", **files):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, content in files.items():
            archive.writestr(key, content)
    return path


@pytest.fixture
def no_index(monkeypatch, tmp_path):
    """Pip as it is where no package index can be reached."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("CHARZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "wheels"


def test_an_installed_distribution_is_read_in_place():
    reader = locate("NumPy", numpy.__version__)
    assert reader.label == f"NumPy=={numpy.__version__}"
    assert "numpy/__init__.py" in reader.names()
    with open(numpy.__file__, "rb") as file:
        assert reader.read("numpy/__init__.py") == file.read()
    assert not [name for name in reader.names() if ".." in name or name.startswith("/")]
    with pytest.raises(UnknownNameError, match=r"did you mean 'numpy/__init__\.py'"):
        reader.read("numpy/__init_.py")
    with pytest.raises(InputError, match="larger than 10 bytes"):
        reader.read("numpy/__init__.py", 10)


def test_another_version_than_the_installed_one_is_not_taken(no_index):
    with pytest.raises(OfflineError, match=r"numpy==0\.0\.1") as caught:
        locate("numpy", "0.0.1")
    assert str(no_index) in caught.value.remedy
    assert list(no_index.iterdir()) == []


def test_a_kept_wheel_needs_no_index(no_index):
    no_index.mkdir(parents=True)
    wheel(no_index, **{"demo/a.txt": "hello"})
    reader = locate("demo.data", "1.0.0")
    assert (reader.names(), reader.read("demo/a.txt")) == (["demo/a.txt"], b"hello")


def test_pip_fetches_a_wheel_once(no_index, monkeypatch, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    source = wheel(
        links,
        **{
            "demo/a.txt": "hello",
            "demo_data-1.0.0.dist-info/METADATA": (
                "Metadata-Version: 2.1\nName: demo-data\nVersion: 1.0.0\nRequires-Dist: gone\n"
            ),
            "demo_data-1.0.0.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
            "demo_data-1.0.0.dist-info/RECORD": "",
        },
    )
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    assert locate("demo-data", "1.0.0").read("demo/a.txt") == b"hello"
    source.unlink()
    assert locate("demo-data", "1.0.0").read("demo/a.txt") == b"hello"
    assert [path.name for path in no_index.iterdir()] == [source.name]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("--index-url=x", "1.0"),
        ("../up", "1.0"),
        ("a b", "1"),
        ("ok", "1; rm"),
        ("ok", ""),
        ("", "1"),
    ],
)
def test_hostile_requirements_are_refused(name, version):
    with pytest.raises(InputError, match="no distribution"):
        locate(name, version)


def test_members_stay_inside_and_within_the_limit(tmp_path):
    names = ["../up.txt", "/root.txt", "a/../../b", "back\\slash", "folder/"]
    path = wheel(tmp_path, **dict.fromkeys(names, "x"), **{"fine.txt": "y" * 1000})
    reader = WheelFiles("demo==1", path)
    assert reader.names() == ["fine.txt"]
    for name in names:
        with pytest.raises(UnknownNameError):
            reader.read(name)
    with pytest.raises(InputError, match="larger than 999 bytes"):
        reader.read("fine.txt", 999)
    assert len(reader.read("fine.txt", 1000)) == 1000


def test_every_file_listed_is_read(tmp_path):
    path = wheel(tmp_path, **{f"data/{i:05}.txt": str(i) for i in range(3000)})
    reader = WheelFiles("demo==1", path)
    assert [int(reader.read(name)) for name in reader.names()] == list(range(3000))


def test_damaged_wheels_are_named(tmp_path):
    path = tmp_path / "demo_data-1.0.0-py3-none-any.whl"
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match="no whole wheel"):
        WheelFiles("demo-data==1.0.0", path).names()
    whole = bytearray(wheel(tmp_path, **{"a.txt": "hello " * 500}).read_bytes())
    whole[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as archive, pytest.raises(InputError):
        member(archive, "a.txt")
