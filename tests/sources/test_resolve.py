import pytest

from charz import shelf
from charz.errors import UnknownNameError
from charz.sources import resolve, source_of

ROWS = "text,label\n" + "".join(f"t{i},{'ab'[i % 2]}\n" for i in range(10))


@pytest.mark.parametrize("name", shelf.names("sources"))
def test_every_source_keeps_the_contract(name):
    source = shelf.load("sources", name)
    assert source.__doc__
    assert source.read.__doc__
    assert len(set(source.OPTIONS)) == len(source.OPTIONS)
    for reference in ("", "nonsense of no kind", "../../etc", "hf", "wheel", "\0"):
        assert source.claims(reference) in (True, False)
    assert not source.claims("nonsense of no kind")


def test_paths_win_over_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert source_of("cola") == "hf"
    (tmp_path / "cola").mkdir()
    (tmp_path / "cola" / "train.csv").write_text(ROWS)
    assert source_of("cola") == "files"
    assert resolve("cola").facts.source == "files:cola"


def test_options_reach_the_source_and_none_is_no_option(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(ROWS)
    dataset = resolve(str(path), name="mine", test_share="0.4", language=None, revision=None)
    assert (dataset.facts.name, len(dataset.test)) == ("mine", 4)
    with pytest.raises(UnknownNameError, match="unknown option of files datasets 'revision'"):
        resolve(str(path), revision="main")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("colla", "did you mean 'cola'"),
        ("glue/colla", "did you mean 'glue/cola'"),
        ("zzzzqqq", "no path that exists"),
        ("./nowhere", "no path that exists"),
        ("/nowhere/at/all", "no path that exists"),
        ("wheel:bbc", "did you mean 'bbc_news'"),
    ],
)
def test_what_nothing_claims_is_explained(reference, said):
    with pytest.raises(UnknownNameError) as caught:
        resolve(reference)
    assert said in str(caught.value)
    assert caught.value.remedy
