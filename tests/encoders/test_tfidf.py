"""TF-IDF with SVD, against dense linear algebra."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from charz.encoders import describe, tfidf
from charz.errors import InputError
from charz.records import EncoderSpec

TRAIN = [
    "the cat sat on the mat",
    "the dog sat on the log",
    "a film that bored me",
    "a film that moved me, a good film",
    "cats and dogs",
]


def fitted(options="", texts=TRAIN):
    loaded = tfidf.load([EncoderSpec.parse(f"tfidf:{options}")])
    loaded.fit(texts)
    return loaded


def by_hand(train, texts):
    """The weights (1 + ln tf) * (ln((1 + n) / (1 + df)) + 1) of 1- and 2-grams, rows scaled."""
    import re

    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]

    terms = sorted({gram for text in train for gram in grams(text)})
    df = np.array([sum(term in grams(text) for text in train) for term in terms])
    tf = np.array([[grams(text).count(term) for term in terms] for text in texts], dtype=float)
    X = np.where(tf > 0, 1 + np.log(np.maximum(tf, 1)), 0) * (
        np.log((1 + len(train)) / (1 + df)) + 1
    )
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return np.divide(X, lengths, out=X, where=lengths > 0)


def test_projects_on_the_leading_singular_vectors():
    texts = [*TRAIN, "the film sat", "unseen words only"]
    (X,) = fitted("?dims=3").encode(texts)
    axes = np.linalg.svd(by_hand(TRAIN, TRAIN), full_matrices=False)[2][:3]
    expected = by_hand(TRAIN, texts) @ axes.T
    signs = np.sign((X * expected).sum(axis=0))
    np.testing.assert_allclose(X, expected * signs, atol=1e-4)


def test_keeps_all_inner_products_at_full_rank():
    (X,) = fitted().encode(TRAIN)
    weights = by_hand(TRAIN, TRAIN)
    assert X.shape == (5, 5)
    np.testing.assert_allclose(X @ X.T, weights @ weights.T, atol=1e-5)


def test_dims_are_capped_by_rank():
    (X,) = fitted(texts=["cat dog", "dog cat dog", "cat dog"]).encode(["dog"])
    assert X.shape[1] == 2


def test_is_fitted_on_training_texts_alone():
    loaded = fitted("?dims=4")
    alone = loaded.encode(["the cat"])[0]
    loaded.encode(["entirely other words", "the the the"])
    np.testing.assert_array_equal(loaded.encode(["the cat"])[0], alone)
    assert not loaded.encode(["zebra quux"])[0].any()


def test_characters_see_inside_words():
    words, letters = (fitted(f"?analyzer={how}") for how in ("word", "char"))
    assert not words.encode(["filmic"])[0].any()
    assert letters.encode(["filmic"])[0].any()


def test_signs_are_fixed():
    loaded = fitted("?dims=4")
    largest = np.abs(loaded._axes).argmax(axis=0)
    assert (loaded._axes[largest, range(4)] > 0).all()


def test_facts():
    facts = describe(EncoderSpec.parse("tfidf:?dims=64"))
    assert facts.is_fitted
    assert facts.n_dims is None
    other = describe(EncoderSpec.parse("tfidf:?dims=64&seed=1"))
    assert facts.fingerprint != other.fingerprint
    assert facts.fingerprint == describe(EncoderSpec.parse("tfidf:?dims=64&pair=full")).fingerprint


def test_refuses_to_encode_before_it_was_fitted():
    with pytest.raises(InputError, match="before it was fitted"):
        tfidf.load([EncoderSpec.parse("tfidf:")]).encode(["text"])


@pytest.mark.parametrize("texts", [[""], ["...", "!"]])
def test_refuses_texts_without_words(texts):
    with pytest.raises(InputError, match="no words"):
        fitted(texts=texts)


@pytest.mark.parametrize("options", ["analyzer=bytes", "dims=5000", "seed=-1", "layer=1"])
def test_refuses_options(options):
    with pytest.raises(InputError, match=options.partition("=")[0]):
        describe(EncoderSpec.parse(f"tfidf:?{options}"))
