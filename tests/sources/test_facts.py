import hashlib
import json
import os
import statistics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.errors import InputError
from charz.records import Dataset, DatasetFacts, Examples
from charz.sources import _facts
from charz.sources.files import read

LAB = Path(os.environ.get("CHARZ_LAB", Path(__file__).resolve().parents[3] / "shared"))
FACTS = DatasetFacts("d", "files:d", "d")
examples = st.lists(
    st.tuples(st.text(max_size=5), st.sampled_from("ab")), min_size=1, max_size=6
).map(lambda rows: Examples(*map(tuple, zip(*rows, strict=True))))


@settings(deadline=None)
@given(first=examples, second=examples, train=examples)
def test_equal_rows_and_only_they_have_equal_fingerprints(first, second, train):
    prints = [_facts.fingerprint(Dataset(FACTS, train, test)) for test in (first, second)]
    assert (prints[0] == prints[1]) == (first == second)


def test_the_fingerprint_is_the_hash_of_json_rows():
    dataset = Dataset(FACTS, Examples(("é",), ("x",)), Examples(("a",), ("y",), ("b",)))
    rows = [["train", "é", None, "x"], ["test", "a", "b", "y"]]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert _facts.fingerprint(dataset) == hashlib.sha256(text.encode()).hexdigest()


def test_rows_cannot_slip_between_splits_or_columns():
    a, b = Examples(("a",), ("x",)), Examples(("b",), ("x",))
    both = Examples(("a", "b"), ("x", "x"))
    pair = Examples(("a",), ("x",), ("b",))
    datasets = [Dataset(FACTS, a, b), Dataset(FACTS, b, a), Dataset(FACTS, both, b)]
    datasets += [Dataset(FACTS, pair, b), Dataset(FACTS, a, pair)]
    assert len({_facts.fingerprint(dataset) for dataset in datasets}) == len(datasets)


@given(words=st.lists(st.integers(1, 60), min_size=1, max_size=50))
def test_lengths_are_the_percentiles_of_words(words):
    found = _facts.lengths(Examples(tuple("w " * count for count in words)))
    assert found.median == statistics.median(words)
    assert min(words) <= found.p95 <= max(words)


def test_a_pair_s_words_count_together():
    assert _facts.lengths(Examples(("a b",), None, ("c d e",))).median == 5


def test_overlap_counts_test_rows_by_text_and_pair():
    train = Examples(("a", "a"), None, ("b", "c"))
    test = Examples(("A ", "a", "a"), None, ("b", "d", "c"))
    assert _facts.overlap(train, test) == 2
    assert _facts.overlap(test, Examples(())) == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [("mr", "en"), ("amazon_counterfactual_de", "de"), ("language_id", "mul"), ("snips", "en")],
)
def test_the_language_of_real_texts(name, code):
    folder = LAB / "data" / name
    if not folder.is_dir():
        pytest.skip("the lab's datasets are not here")
    texts = read(str(folder)).train.texts
    assert _facts.language(texts) == code == _facts.language(list(texts))


def test_no_texts_have_no_language():
    with pytest.raises(InputError, match="no texts"):
        _facts.language([])
