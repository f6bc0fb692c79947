"""Vectors of a user's texts: made once, found for the same work only, never damaged or foreign."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from charz import shelf
from charz.records import EncoderSpec, Examples
from charz.steps import _kept, compare, coverage, curve, head, label
from tests import tiny

PLUG_IN = '''
"""Counts letters and writes down what it was asked; two kinds divide by what they learned."""
import os
from pathlib import Path
import numpy as np
from charz.records import EncoderFacts

OPTIONS = ()

def describe(spec):
    weights = Path(os.environ["LETTERS"], "weights").read_text()
    return EncoderFacts(spec, "letters", weights, is_fitted=spec.name == "learns")

def checkpoint(spec):
    return str(spec)

def load(specs):
    return Letters(specs[0].name in ("learns", "secret"))

class Letters:
    def __init__(self, is_fitted):
        self.is_fitted, self.n_tokens, self.most = is_fitted, 0, 1

    def fit(self, texts):
        self.most = max(map(len, texts))

    def encode(self, texts):
        with Path(os.environ["LETTERS"], "asked").open("a") as file:
            file.write(f"{len(texts)}\\n")
        self.n_tokens += sum(map(len, texts))
        return [np.array([[text.count(c) / self.most for c in "aeioulnrst"] for text in texts],
                         dtype=np.float32)]
'''


@pytest.fixture
def letters(tmp_path, monkeypatch):
    """Install the encoder as any other distribution would offer one; return its folder."""
    site = tmp_path / "site"
    info = site / "letters-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "letters_plug_in.py").write_text(PLUG_IN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: letters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[charz.encoders]\nletters = letters_plug_in\n")
    (tmp_path / "weights").write_text("first")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("LETTERS", str(tmp_path))
    _look_again()
    yield tmp_path
    sys.modules.pop("letters_plug_in", None)
    _look_again()


def _look_again():
    """Forget which distributions were found: one has come, or goes."""
    shelf._offered.cache_clear()
    shelf.load.cache_clear()


def asked(letters):
    """Return how many texts each call of the encoder had, and forget it."""
    log = letters / "asked"
    counts = [int(line) for line in log.read_text().split()] if log.exists() else []
    log.unlink(missing_ok=True)
    return counts


def vectors(examples, spec="letters:", learned=None):
    known = _kept.Encoder([EncoderSpec.parse(spec)], learned or examples)
    return known.vectors(examples).arrays[0]


def chunks(home):
    return sorted((home / "artifacts" / "chunks").glob("*.npz"))


def written(path, rows):
    return str(tiny.write(path, rows))


THREE = Examples(("rain", "a tale", "rain", "sun"))


def test_a_second_call_encodes_nothing_and_has_the_same_bits(letters):
    first = vectors(THREE)
    assert asked(letters) == [3]  # two are alike
    np.testing.assert_array_equal(vectors(THREE), first)
    assert asked(letters) == []
    np.testing.assert_array_equal(first[0], first[2])
    assert first[1].tolist() == pytest.approx([2, 1, 0, 0, 0, 1, 0, 0, 0, 1])


def test_what_it_cost_is_told_as_it_was(letters):
    encoder = _kept.Encoder([EncoderSpec.parse("letters:")], THREE)
    first, again = encoder.vectors(THREE), encoder.vectors(THREE)
    assert first.n_tokens == again.n_tokens == len("raina talesun")
    assert first.seconds == again.seconds


@pytest.mark.parametrize("other", [
    Examples(("rain", "a tale", "rain", "sum")),
    Examples(("a tale", "rain", "rain", "sun")),
    Examples(("rain", "a tale", "rain")),
    Examples(("rain", "a tale"), pairs=("rain", "sun")),
])  # fmt: skip
def test_other_texts_are_encoded(letters, other):
    vectors(THREE)
    asked(letters)
    found = vectors(other)
    assert len(asked(letters)) == 1
    assert len(found) == len(other)


def test_other_weights_or_another_version_of_charz_are_another_encoder(letters, monkeypatch):
    vectors(THREE)
    (letters / "weights").write_text("second")
    vectors(THREE)
    monkeypatch.setattr("charz.__version__", "99")
    vectors(THREE)
    assert asked(letters) == [3, 3, 3]
    vectors(THREE)
    assert asked(letters) == []


def test_a_fitted_encoder_is_known_by_what_it_learned_from(letters):
    short, long = Examples(("rain",)), Examples(("rain in spain",))
    first = vectors(THREE, "letters:learns", short)
    other = vectors(THREE, "letters:learns", long)
    np.testing.assert_allclose(first, other * 13 / 4, rtol=1e-6)
    assert asked(letters) == [3, 3]
    np.testing.assert_array_equal(vectors(THREE, "letters:learns", long), other)
    assert asked(letters) == []


def test_one_that_learns_without_saying_so_is_not_kept(letters, charz_home):
    for _ in range(2):
        vectors(THREE, "letters:secret")
    assert asked(letters) == [3, 3]
    assert chunks(charz_home) == []


@pytest.mark.parametrize("damage", [
    lambda whole: b"",
    lambda whole: whole[:-7],
    lambda whole: whole[:90] + bytes([whole[90] ^ 1]) + whole[91:],
])  # fmt: skip
def test_a_damaged_file_is_made_again(letters, charz_home, damage):
    first = vectors(THREE)
    (file,) = chunks(charz_home)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    np.testing.assert_array_equal(vectors(THREE), first)
    assert asked(letters) == [3, 3]
    vectors(THREE)
    assert asked(letters) == []


def test_a_whole_file_under_anothers_name_is_not_taken(letters, charz_home):
    first = vectors(THREE)
    (file,) = chunks(charz_home)
    turned = Examples(THREE.texts[::-1])
    vectors(turned)
    (other,) = set(chunks(charz_home)) - {file}
    file.write_bytes(other.read_bytes())
    asked(letters)
    np.testing.assert_array_equal(vectors(THREE), first)
    assert asked(letters) == [3]


def test_without_a_place_to_write_it_does_without(letters, charz_home, monkeypatch):
    first = vectors(THREE)
    (letters / "file").write_text("no folder")
    monkeypatch.setenv("CHARZ_HOME", str(letters / "file"))
    for _ in range(2):
        np.testing.assert_array_equal(vectors(THREE), first)
    assert asked(letters) == [3, 3, 3]


def test_what_is_too_large_is_not_kept(letters, charz_home, monkeypatch):
    monkeypatch.setattr(_kept, "MOST_BYTES", 4 * 10 * 4 - 1)
    vectors(THREE)
    assert chunks(charz_home) == []


def test_labels_that_come_in_leave_the_pools_vectors_as_they_are(letters):
    rows = tiny.rows("books", 40, 7)
    texts = [row["text"] for row in rows]
    pool = written(letters / "pool.csv", [{"text": text} for text in texts])
    first = label.files(encoder="letters:", pool=pool, budget=5)
    assert sum(asked(letters)) == len(set(texts))
    done = [{"text": t, "label": "ham"} for t in first.examples.texts]
    found = label.files(encoder="letters:", pool=pool, budget=5,
                        labelled=[written(letters / "done.csv", done)])  # fmt: skip
    assert found.advice.n_labelled == 5
    assert asked(letters) == []
    more = written(letters / "more.csv", [{"text": "from elsewhere", "label": "egg"}])
    label.files(encoder="letters:", pool=pool, budget=5, labelled=[more])
    assert asked(letters) == [1]


def test_all_that_read_files_share_what_is_kept(letters):
    train = written(letters / "train.csv", tiny.rows("books", 60, 1))
    use = written(letters / "use.csv", tiny.rows("books", 30, 2))
    files = {"train": train, "eval": use}
    curve.files(None, encoder="letters:", **files)
    assert len(asked(letters)) == 2
    coverage.files(encoder="letters:", **files)
    compare.files(encoders=["letters:"], probes=["logistic", "ridge"], **files)
    head.files(encoder="letters:", **files)
    assert asked(letters) == []
