"""The hashed control: exact, the same on every platform, and a distance-keeping projection."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charz.encoders import describe, random
from charz.encoders._hashed import project, signs, words
from charz.errors import InputError
from charz.records import EncoderSpec

MASK = 2**64 - 1


def splitmix64(state):
    """The generator's output for one state, in Python's unbounded integers."""
    z = state & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def slowly(tokens, n_dims, seed):
    """The projection of one text with Python integers."""
    grams = tokens + [f"{a} {b}" for a, b in itertools.pairwise(tokens)]
    n_words = -(-n_dims // 64)
    sums = [0] * n_dims
    for gram in grams:
        state = int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "little")
        for dim in range(n_dims):
            step = seed * n_words + dim // 64 + 1
            word = splitmix64(state + step * 0x9E3779B97F4A7C15)
            sums[dim] += 1 if word >> (dim % 64) & 1 else -1
    return np.array(sums) / np.sqrt(max(len(grams), 1) * n_dims)


def test_first_outputs_of_splitmix64():
    """Seed 0 gives these numbers in the generator's reference implementation."""
    golden = 0x9E3779B97F4A7C15
    assert [splitmix64(golden * step) for step in (1, 2)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
    ]


@given(
    texts=some.lists(some.text(alphabet="ab c!", max_size=12), max_size=4),
    n_dims=some.integers(1, 130),
    seed=some.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_is_the_slow_projection(texts, n_dims, seed):
    tokens = [words(text) for text in texts]
    expected = np.array([slowly(each, n_dims, seed) for each in tokens]).reshape(-1, n_dims)
    np.testing.assert_array_equal(project(tokens, n_dims, seed), expected.astype(np.float32))


def test_signs_are_even_and_independent():
    drawn = signs(np.arange(4000, dtype=np.uint64), 64, seed=0)
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    assert abs(drawn.mean()) < 0.01
    correlations = drawn.T @ drawn / len(drawn) - np.eye(64)
    assert np.abs(correlations).max() < 0.1


def test_keeps_inner_products_of_counts():
    """E[<x, y>] is the counts' inner product, scaled; more dimensions come closer to it."""
    tokens = [words("a b c d"), words("a b x y"), words("p q r s")]
    X = project(tokens, 4096, seed=0).astype(float)
    np.testing.assert_allclose(X @ X.T, [[1, 3 / 7, 0], [3 / 7, 1, 0], [0, 0, 1]], atol=0.08)


def test_more_texts_than_a_chunk_change_nothing():
    texts = [f"text number {number} of many" for number in range(5000)]
    loaded = random.load([EncoderSpec.parse("random:hash?dims=8")])
    (X,) = loaded.encode(texts)
    np.testing.assert_array_equal(X[4999], loaded.encode([texts[4999]])[0][0])


def test_lone_surrogates_are_text_too():
    (X,) = random.load([EncoderSpec.parse("random:hash")]).encode(["a \ud800 b"])
    assert X.any()


def test_seeds_are_other_encoders():
    one, two = (EncoderSpec.parse(f"random:hash?seed={seed}") for seed in (0, 1))
    assert random.checkpoint(one) != random.checkpoint(two)
    assert describe(one).fingerprint != describe(two).fingerprint


@pytest.mark.parametrize("text", ["random:hash?pooling=cls", "random:hash?dims=5000"])
def test_refuses_options(text):
    with pytest.raises(InputError):
        describe(EncoderSpec.parse(text))
