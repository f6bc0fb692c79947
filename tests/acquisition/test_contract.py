"""Laws that every strategy on the shelf obeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.acquisition._pool import Pool
from charz.acquisition._simulate import batch, simulate

STRATEGIES = shelf.items("acquisition")
CLAIMED = [name for name, item in STRATEGIES.items() if item.SEQUENTIAL]

every = pytest.mark.parametrize("name", STRATEGIES)


def world(seed, n=60, d=5, k=3):
    """Return vectors in clusters and their classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return (rng.normal(size=(n, d)) + 3 * np.eye(k, d)[y]).astype(np.float32), y


@st.composite
def pools(draw):
    """Draw small pools: duplicates, zero rows, none or all labelled, one class or several."""
    n, d = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    cells = st.one_of(st.integers(-1, 1), st.floats(-2, 2, width=32))
    X = np.array(draw(st.lists(st.lists(cells, min_size=d, max_size=d), min_size=n, max_size=n)))
    rows = np.array(draw(st.lists(st.integers(0, n - 1), unique=True)), dtype=np.int64)
    n_classes = draw(st.integers(1, 3))
    codes = st.lists(st.integers(0, n_classes - 1), min_size=len(rows), max_size=len(rows))
    y = np.array(draw(codes), dtype=np.int64)
    return Pool(X.astype(np.float64).reshape(n, d), rows, y, n_classes)


@every
@given(pool=pools(), budget=st.integers(1, 15), seed=st.integers(-5, 2**40))
@settings(deadline=None, max_examples=40)
def test_picks_are_different_new_rows_within_budget(name, pool, budget, seed):
    picks = batch(pool, budget, name, seed).picks
    assert len(picks) == len(picks.values) == min(budget, len(pool.available))
    assert picks.rows.dtype == np.int64
    assert np.isfinite(picks.values).all()
    seen = {tuple(x) for x in pool.X[pool.rows] + 0.0}
    for row in picks.rows:
        assert tuple(pool.X[row] + 0.0) not in seen
        seen.add(tuple(pool.X[row] + 0.0))


@every
def test_equal_arguments_give_equal_picks(name):
    X, y = world(0)
    rows = np.arange(12)
    first, again = (batch(Pool(X, rows, y[rows], 3), 7, name, 4).picks for _ in range(2))
    assert np.array_equal(first.rows, again.rows)
    assert np.array_equal(first.values, again.values)


@pytest.mark.parametrize("name", CLAIMED)
@given(seed=st.integers(0, 50), first=st.integers(1, 20), then=st.integers(1, 20))
@settings(deadline=None, max_examples=25)
def test_where_claimed_two_batches_are_one(name, seed, first, then):
    X, y = world(seed)
    both = simulate(X, y, 3, name, seed, rounds=(first, first + then)).rows
    assert np.array_equal(both, simulate(X, y, 3, name, seed, rounds=(first + then,)).rows)


DETERMINED = ("margin", "entropy", "max_herding", "uncertainty_herding")
"""Strategies that leave nothing to chance: another order of rows gives the same rows."""


@pytest.mark.parametrize("name", DETERMINED)
@pytest.mark.parametrize("seed", range(4))
def test_another_order_of_rows_gives_the_same_texts(name, seed):
    X, y = world(seed)
    rows = np.arange(9)
    order = np.random.default_rng(seed).permutation(len(X))
    place = np.argsort(order)
    here = batch(Pool(X, rows, y[rows], 3), 8, name, 0).picks.rows
    there = batch(Pool(X[order], place[rows], y[rows], 3), 8, name, 0).picks.rows
    assert set(order[there]) == set(here)


@every
def test_reasons_have_a_place_for_the_value(name):
    said = STRATEGIES[name].REASON.format(value=0.5)
    assert said
    assert "{" not in said


@every
def test_until_two_classes_are_known_the_cold_strategy_picks(name):
    X, _ = world(1)
    item = STRATEGIES[name]
    for rows in (np.array([], dtype=np.int64), np.array([3, 4])):
        made = batch(Pool(X, rows, np.zeros(len(rows), dtype=np.int64), 1), 5, name, 0)
        assert made.strategy == (item.COLD if item.NEEDS_CLASSES else name)
        assert not STRATEGIES[made.strategy].NEEDS_CLASSES


@every
def test_a_strategy_never_sees_labels_of_rows_it_has_not_picked(name):
    X, y = world(2)
    other = (y + 1) % 3
    one, two = (simulate(X, labels, 3, name, 0, rounds=(10,)).rows for labels in (y, other))
    assert np.array_equal(one, two)


@every
def test_a_large_pool_is_worked_in_bounded_memory(name, monkeypatch):
    from charz.acquisition import _pool

    monkeypatch.setattr(_pool, "MOST_CANDIDATES", 40)
    monkeypatch.setattr(_pool, "MOST_REFERENCES", 30)
    X, y = world(3, n=200)
    pool = Pool(X, np.arange(10), y[:10], 3)
    assert len(pool.candidates) == 40
    assert len(pool.references) == 30
    assert len(set(batch(pool, 25, name, 0).picks.rows)) == 25
