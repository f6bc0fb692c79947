"""The shared search for neighbours against plain sorting, however draws come."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.probes import _neighbours
from charz.probes._neighbours import Best, Chains, blocks

seeds = st.integers(0, 2**32 - 1)


def by_sorting(A, X, k, own=False):
    """Return the k nearest places, the earlier of equals first."""
    squared = ((A[:, None] - X) ** 2).sum(axis=2)
    if own:
        np.fill_diagonal(squared, np.inf)
    return np.argsort(squared, axis=1, kind="stable")[:, :k]


def grid_rows(rng, n, d=3):
    """Return rows of small whole numbers: distances are exact and often equal."""
    return rng.integers(-2, 3, size=(n, d)).astype(np.float64)


@given(st.integers(1, 3000))
def test_blocks_hold_every_row_once_at_fixed_edges(n):
    edges = list(blocks(n))
    assert edges[0][0] == 0
    assert edges[-1][0] < n <= edges[-1][1]
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert list(blocks(n + 1))[: len(edges)] == edges


@given(seeds, st.integers(1, 60), st.integers(1, 90), st.integers(1, 12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_loop_compiled_or_not_keeps_what_sorting_keeps(seed, m, n, k, leave):
    rng = np.random.default_rng(seed)
    norms, products = rng.integers(0, 9, n) / 2, rng.integers(-9, 9, (m, n)) / 4
    own, half = (5 if leave else -1), n // 2
    kept = []
    for loop in (_neighbours._see, _neighbours._see.python, _neighbours._see_by_sorting):
        best = Best.none(m, k)
        for part in (slice(0, half), slice(half, n)):
            columns = np.ascontiguousarray(products[:, part])
            loop(best.values, best.places, norms[part], columns, part.start, own)
        kept.append((best.values, np.where(np.isfinite(best.values), best.places, -1)))
    for values, places in kept[1:]:
        np.testing.assert_array_equal(values, kept[0][0])
        np.testing.assert_array_equal(places, kept[0][1])


@pytest.mark.parametrize("n", [2, 15, 16, 17, 64, 200, 256, 300, 1100])
def test_neighbours_are_those_of_all_distances(n):
    rng = np.random.default_rng(n)
    k = min(9, n - 1)
    for X, E in [(grid_rows(rng, n), grid_rows(rng, 40)), rng.normal(size=(2, max(n, 40), 5))]:
        X, E = X[:n], E[:40]
        chain = Chains().reach(X, [E, E[:7]], k)
        np.testing.assert_array_equal(chain.of_eval(0, k), by_sorting(E, X, k))
        np.testing.assert_array_equal(chain.of_eval(1, k), by_sorting(E[:7], X, k))
        np.testing.assert_array_equal(chain.own.places, by_sorting(X, X, k, own=True))


def test_rows_beyond_a_step_are_seen_too(monkeypatch):
    monkeypatch.setattr(_neighbours, "STEP", 256)
    rng = np.random.default_rng(0)
    X, E = grid_rows(rng, 700, d=5), grid_rows(rng, 600, d=5)
    chain = Chains().reach(X, [E], 6)
    np.testing.assert_array_equal(chain.of_eval(0, 6), by_sorting(E, X, 6))
    np.testing.assert_array_equal(chain.own.places, by_sorting(X, X, 6, own=True))


@given(seeds, st.lists(st.integers(2, 700), min_size=1, max_size=6), st.booleans())
@settings(deadline=None, max_examples=25)
def test_what_was_reached_before_changes_no_bit(seed, sizes, forget):
    rng = np.random.default_rng(seed)
    X, E = rng.normal(size=(2, 700, 19)).astype(np.float32).astype(np.float64)
    others = X[rng.permutation(700)]
    chains = Chains()
    with pytest.MonkeyPatch.context() as patch:
        if forget:
            patch.setattr(_neighbours, "BUDGET", 0)
        for place, n in enumerate(sizes):
            rows = others if place % 3 == 2 else X
            got, alone = chains.reach(rows[:n], [E], 8), Chains().reach(rows[:n], [E], 8)
            for k in (1, 8):
                np.testing.assert_array_equal(got.of_eval(0, k), alone.of_eval(0, k))
            for start, stop in blocks(n):
                theirs = alone._product(0, 0, start, stop)
                np.testing.assert_array_equal(got._product(0, 0, start, stop), theirs)
            np.testing.assert_array_equal(got.own.values, alone.own.values)
            np.testing.assert_array_equal(got.own.places, alone.own.places)


def test_chains_keep_to_their_budget(monkeypatch):
    monkeypatch.setattr(_neighbours, "BUDGET", 300_000)
    rng = np.random.default_rng(0)
    chains = Chains()
    for _ in range(8):
        chain = chains.reach(rng.normal(size=(256, 20)), [rng.normal(size=(100, 20))], 10)
        chain.of_eval(0, 3)
        assert 0 < chains.n_bytes <= 300_000
