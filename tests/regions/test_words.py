"""Names of regions, against the formula written slowly, and against hostile texts."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.regions import _words

TEXTS = [
    "refund for the late parcel", "parcel never came", "late parcel again", "where is my parcel",
    "the battery dies", "new battery please", "battery and the charger", "charger is hot",
    "thanks for the help", "the help was kind",
]  # fmt: skip
REGIONS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])


def slow(word, region):
    """Return the score of a word in a region, by the formula."""
    has = [word in text.split() for text in TEXTS]
    inside = [h for h, r in zip(has, REGIONS, strict=True) if r == region]
    outside = [h for h, r in zip(has, REGIONS, strict=True) if r != region]
    a = max(50 * sum(has) / len(has), 0.01)
    sides = [(sum(side) + a, len(side) + 50 - sum(side) - a) for side in (inside, outside)]
    odds = [math.log(y / n) for y, n in sides]
    return (odds[0] - odds[1]) / math.sqrt(1 / sides[0][0] + 1 / sides[1][0])


def test_scores_are_the_formula():
    sets = [_words.words(text) for text in TEXTS]
    vocabulary, counts = _words.count(sets, REGIONS, 3)
    scores = _words.log_odds(counts, np.bincount(REGIONS).astype(float))
    assert {"parcel", "battery", "charger", "help", "late", "the"} <= set(vocabulary)
    for column, word in enumerate(vocabulary):
        for region in range(3):
            assert math.isclose(scores[region, column], slow(word, region), rel_tol=1e-9)


def test_names_say_what_a_region_is_about_and_common_words_name_nothing():
    texts = TEXTS[:4] * 10 + TEXTS[4:8] * 10
    found = _words.names(texts, np.repeat([0, 1], 40), 3)
    assert found[0].split(", ")[0] == "parcel"
    assert found[1].split(", ")[0] == "battery"
    assert found[2] == ""
    assert _words.names(["the same text"] * 20, np.arange(20) % 2, 2) == ["", ""]


def test_one_text_that_repeats_a_word_names_nothing():
    texts = ["spam " * 1000, *["quiet words here"] * 9, *["other words there"] * 10]
    assert "spam" not in _words.names(texts, np.repeat([0, 1], 10), 2)[0]


def test_order_of_rows_changes_no_name():
    order = np.random.default_rng(0).permutation(80)
    texts, regions = TEXTS[:8] * 10, np.tile(REGIONS[:8], 10)
    shuffled = _words.names([texts[i] for i in order], regions[order], 2)
    assert shuffled == _words.names(texts, regions, 2)


@given(st.lists(st.text(), min_size=1, max_size=8), st.integers(1, 3))
@settings(deadline=None)
def test_names_hold_nothing_that_a_terminal_obeys(texts, n_regions):
    regions = np.arange(len(texts) * 6) % n_regions
    for name in _words.names(texts * 6, regions, n_regions):
        assert name.isprintable() or not name
        assert "\x1b" not in name
        assert len(name) <= 4 * (_words.MOST_WORD + 2)


def test_stop_words_name_nothing_however_distinctive():
    texts = ["which of these is it"] * 40 + ["parcel"] * 40
    assert _words.names(texts, np.repeat([0, 1], 40), 2) == ["", "parcel"]
