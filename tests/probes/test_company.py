"""Answers are the same to the last bit whatever else is asked for, and in whichever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.records import Draw

N_POOL = 600


def pool(n_dims, n_classes, kind):
    rng = np.random.default_rng(n_dims)
    y = np.arange(N_POOL) % n_classes
    X = rng.normal(size=(n_classes, n_dims))[y] + 2 * rng.normal(size=(N_POOL, n_dims)) + 3
    return X.astype(kind), y


@st.composite
def company(draw):
    """Return orders of the pool, with sizes to take of them, and eval sizes."""
    size = st.one_of(st.sampled_from([16, 32, 64, 128, 256, 512]), st.integers(2, N_POOL))
    asked = st.lists(st.tuples(st.integers(0, 2), size), min_size=2, max_size=6)
    return draw(asked), draw(st.lists(st.integers(1, 90), min_size=1, max_size=3))


@pytest.mark.parametrize("name", ["centroid", "knn", "lda", "majority", "ridge"])
@given(
    company(),
    st.sampled_from([3, 30, 130]),
    st.sampled_from([2, 7, 40]),
    st.sampled_from([np.float32, np.float64]),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=25)
def test_an_answer_is_its_own(name, asked, n_dims, n_classes, kind, random):
    (sizes, n_evals), (X, y) = asked, pool(n_dims, n_classes, kind)
    orders = [np.random.default_rng(seed).permutation(N_POOL) for seed in range(3)]
    draws = [Draw(orders[seed], y[orders[seed]]).head(size) for seed, size in sizes]
    evals = [X[start : start + n] for start, n in enumerate(n_evals)]
    predict = shelf.load("probes", name).predict
    together = list(predict(X, draws, evals, n_classes))
    again = random.sample(range(len(draws)), len(draws))
    turned = list(predict(X, [draws[i] for i in again], evals[::-1], n_classes))
    for place, got in zip(again, turned, strict=True):
        (alone,) = predict(X, [draws[place]], evals[-1:], n_classes)
        first = together[place]
        assert alone.chosen == got.chosen == first.chosen
        np.testing.assert_array_equal(alone.probabilities[0], first.probabilities[-1])
        for a, b in zip(first.probabilities, got.probabilities[::-1], strict=True):
            np.testing.assert_array_equal(a, b)
        if first.cv_probabilities is not None:
            np.testing.assert_array_equal(alone.cv_probabilities, first.cv_probabilities)
            np.testing.assert_array_equal(got.cv_probabilities, first.cv_probabilities)
