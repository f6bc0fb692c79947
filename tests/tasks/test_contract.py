"""Laws that every kind of task embedding on the shelf obeys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.tasks import cosine

TASKS = shelf.items("tasks")
CLAIMS = {"rows", "rotation", "shift", "scale", "labels"}

every = pytest.mark.parametrize("item", TASKS.values(), ids=TASKS)


def draw(seed, n=40, d=5, k=3):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    return rng.normal(size=(n, d)) + rng.normal(size=(k, d))[y], y


def changed(claim, rng, X, y, k):
    """Return the labelled rows with what the claim names changed; ``rng`` is as it was before."""
    if claim == "rows":
        order = rng.permutation(len(X))
        return X[order], y[order]
    if claim == "rotation":
        return X @ np.linalg.qr(rng.normal(size=(X.shape[1],) * 2))[0], y
    if claim == "shift":
        return X + rng.normal(size=X.shape[1]), y
    if claim == "scale":
        return X * float(np.exp(rng.normal())), y
    return X, rng.permutation(k)[y]


@every
def test_a_task_is_one_finite_vector(item):
    X, y = draw(0)
    vector = item.embed(X, y, 3)
    assert vector.ndim == 1
    assert vector.dtype == np.float64
    assert np.isfinite(vector).all()
    assert cosine(vector, vector) == pytest.approx(1)
    assert item.INVARIANT <= CLAIMS
    assert item.SAME_LABELS in (True, False)
    assert "Formula:" in item.__doc__
    assert "Source:" in item.__doc__
    assert "Cost:" in item.__doc__


def claims():
    return [
        pytest.param(item, claim, id=f"{name}-{claim}")
        for name, item in TASKS.items()
        for claim in sorted(item.INVARIANT)
    ]


@pytest.mark.parametrize(("item", "claim"), claims())
@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=5)
def test_the_cosine_of_two_tasks_keeps_what_is_claimed(item, claim, seed):
    pair = [draw(seed), draw(seed + 1, n=30)]
    before = cosine(*(item.embed(X, y, 3) for X, y in pair))
    after = cosine(
        *(item.embed(*changed(claim, np.random.default_rng(seed), X, y, 3), 3) for X, y in pair)
    )
    assert after == pytest.approx(before, abs=1e-3)


@pytest.mark.parametrize(("name", "claim"), [("text_mean", "shift"), ("fisher", "rotation")])
def test_what_is_not_claimed_does_change(name, claim):
    item, pair = TASKS[name], [draw(2), draw(3)]
    assert claim not in item.INVARIANT
    before = cosine(*(item.embed(X, y, 3) for X, y in pair))
    moved = [changed(claim, np.random.default_rng(9), X, y, 3) for X, y in pair]
    assert abs(cosine(*(item.embed(X, y, 3) for X, y in moved)) - before) > 1e-2


@pytest.mark.parametrize("vectors", [([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([], [])], ids=str)
def test_vectors_that_cannot_be_compared_have_no_cosine(vectors):
    assert math.isnan(cosine(*map(np.array, vectors)))


@given(st.lists(st.floats(-1e200, 1e200), min_size=2, max_size=6), st.floats(1e-100, 1e100))
def test_a_cosine_is_symmetric_bounded_and_without_length(values, factor):
    first, second = np.array(values), np.array(values[::-1])
    found = cosine(first, second)
    if math.isnan(found):
        assert not first.any() or abs(first).max() < 1e-300
        return
    assert -1 <= found <= 1
    assert cosine(second, first) == pytest.approx(found)
