"""Each sampler against a slow reading of its definition."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.errors import InputError
from charz.samplers import (
    _random,
    acquired,
    imbalanced,
    label_noise,
    mteb,
    per_label,
    random,
    shifted,
    stratified,
)

labels = st.lists(st.integers(0, 3), min_size=1, max_size=24).map(np.array)
seeds = st.integers(0, 10_000)


def least_distance(size, shares, most):
    """Return the least sum (m_c - m p_c)^2 / p_c over every way to take ``size`` rows."""
    ways = (m for m in product(*(range(c + 1) for c in most)) if sum(m) == size)
    return min(distance(way, shares) for way in ways)


def distance(taken, shares):
    size = sum(taken)
    return sum((m - size * p) ** 2 / p for m, p in zip(taken, shares, strict=True))


@given(y=labels, seed=seeds)
@settings(deadline=None, max_examples=40)
def test_stratified_prefixes_are_nearest_to_the_split(y, seed):
    present, counts = np.unique(y, return_counts=True)
    shares = [Fraction(int(c), len(y)) for c in counts]
    drawn = stratified.draw(y, 4, seed).labels
    assert len(drawn) == len(y)
    for size in range(1, len(y) + 1):
        taken = [int((drawn[:size] == c).sum()) for c in present]
        assert distance(taken, shares) == least_distance(size, shares, counts.tolist())


def test_stratified_deviates_by_less_than_one_row_on_uneven_classes():
    y = np.repeat([0, 1, 2, 3], [700, 200, 90, 10])
    drawn = stratified.draw(y, 4, 5).labels
    for size in range(1, 1001, 7):
        taken = np.bincount(drawn[:size], minlength=4)
        assert np.abs(taken - size * np.array([0.7, 0.2, 0.09, 0.01])).max() < 1


@given(y=labels, seed=seeds)
@settings(deadline=None, max_examples=60)
def test_per_label_rounds_take_one_row_of_each_class_that_has_one(y, seed):
    drawn = per_label.draw(y, 4, seed).labels.tolist()
    left = np.bincount(y, minlength=4)
    while drawn:
        holders = np.flatnonzero(left)
        assert sorted(drawn[: len(holders)]) == holders.tolist()
        left[holders] -= 1
        drawn = drawn[len(holders) :]
    assert left.sum() == 0


def test_per_label_orders_the_classes_of_each_round_anew():
    y = np.repeat([0, 1, 2], 100)
    rounds = per_label.draw(y, 3, 0).labels.reshape(100, 3)
    assert len({tuple(r) for r in rounds.tolist()}) == 6


@given(y=labels, k=st.integers(1, 9), n_draws=st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_mteb_takes_the_first_of_each_class_in_a_list_that_is_shuffled_again(y, k, n_draws):
    order = list(range(len(y)))
    for seed in range(n_draws):
        np.random.RandomState(42).shuffle(order)
        taken, left = set(), dict.fromkeys(range(4), k)
        for row in order:
            if left[y[row]]:
                left[y[row]] -= 1
                taken.add(row)
        drawn = mteb.draw(y, 4, seed)
        assert set(drawn.rows[: mteb.n_rows(y, 4, k)].tolist()) == taken
        assert len(drawn.rows) == len(y)


@given(y=labels, seed=st.integers(-(2**70), 2**70))
@settings(deadline=None, max_examples=30)
def test_mteb_draws_are_powers_of_the_first(y, seed):
    every = np.zeros(len(y), dtype=int)  # of one class: the order is the permutation
    first, before, after = (mteb.draw(every, 1, s).rows for s in (0, seed - 1, seed))
    assert np.array_equal(before[first], after)


@given(y=labels, seed=seeds, ratio=st.sampled_from([1, 2, 4, 10]))
@settings(deadline=None, max_examples=40)
def test_imbalanced_prefixes_are_nearest_to_the_geometric_profile(y, seed, ratio):
    present = np.unique(y)
    drawn = imbalanced.draw(y, 4, seed, ratio=ratio).labels
    taken = np.array([[(drawn[:m] == c).sum() for c in present] for m in range(1, len(drawn) + 1)])
    profile = np.array([ratio ** (-r / max(len(present) - 1, 1)) for r in range(len(present))])

    def fits(order):
        shares = profile[list(order)] / profile.sum()
        return all(
            distance(t, shares) <= least_distance(sum(t), shares, [sum(t)] * len(t)) + 1e-9
            for t in taken.tolist()
        )

    orders = [o for o in product(range(len(present)), repeat=len(present)) if len(set(o)) == len(o)]
    assert any(fits(order) for order in orders)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 50.0])
def test_imbalanced_reaches_its_ratio_and_stops_when_a_class_runs_out(ratio):
    y = np.repeat([0, 1, 2], 4000)
    drawn = imbalanced.draw(y, 3, 1, ratio=ratio).labels
    counts = np.sort(np.bincount(drawn))
    assert counts[-1] == 4000
    assert counts[-1] / counts[0] == pytest.approx(ratio, rel=0.02)
    assert counts[1] / counts[0] == pytest.approx(ratio**0.5, rel=0.02)


def test_imbalanced_lets_the_seed_choose_the_large_class():
    y = np.repeat([0, 1, 2], 30)
    largest = {
        int(np.bincount(imbalanced.draw(y, 3, seed).head(20).labels).argmax()) for seed in range(30)
    }
    assert largest == {0, 1, 2}


@pytest.mark.parametrize("ratio", [0.5, -1.0, 1e9, float("nan"), float("inf")])
def test_imbalanced_refuses_a_ratio_out_of_range(ratio):
    with pytest.raises(InputError, match="ratio"):
        imbalanced.draw(np.array([0, 1]), 2, 0, ratio=ratio)


@given(y=labels, seed=seeds, rate=st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_noise_flips_the_rows_whose_word_says_so(y, seed, rate):
    draw = label_noise.draw(y, 4, seed, rate=rate)
    chance, target = _random.words(len(y), seed, "flips"), _random.words(len(y), seed, "targets")
    for row, label in zip(draw.rows.tolist(), draw.labels.tolist(), strict=True):
        others = [(int(y[row]) + step) % 4 for step in (1, 2, 3)]
        flips = Fraction(int(chance[row]) >> 11, 2**53) < Fraction(rate)
        assert label == (others[int(target[row]) % 3] if flips else y[row])


def test_noise_depends_on_the_row_not_on_the_length_of_the_split():
    y = np.arange(300) % 3
    noisy = {}
    for n in (200, 300):
        draw = label_noise.draw(y[:n], 3, 9, rate=0.4)
        noisy[n] = dict(zip(draw.rows.tolist(), draw.labels.tolist(), strict=True))
    assert noisy[200].items() <= noisy[300].items()


def test_more_noise_flips_the_same_rows_and_more():
    y = np.arange(500) % 3
    low, high = (label_noise.draw(y, 3, 2, rate=rate) for rate in (0.1, 0.4))
    assert np.array_equal(low.rows, high.rows)
    flipped = low.labels != y[low.rows]
    assert np.array_equal(low.labels[flipped], high.labels[flipped])
    assert 0.1 * 500 / 2 < flipped.sum() < (high.labels != y[high.rows]).sum()


def test_noise_has_its_rate_and_spreads_over_the_other_classes():
    y = np.zeros(20_000, dtype=int)
    counts = np.bincount(label_noise.draw(y, 5, 1, rate=0.2).labels, minlength=5)
    # five standard deviations of the binomials; the seed is fixed
    assert abs(counts[0] - 16_000) < 5 * (20_000 * 0.2 * 0.8) ** 0.5
    assert np.abs(counts[1:] - 1000).max() < 5 * (20_000 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_noise_refuses_a_rate_out_of_range(rate):
    with pytest.raises(InputError, match="rate"):
        label_noise.draw(np.array([0, 1]), 2, 0, rate=rate)


def test_noise_needs_a_class_to_flip_to():
    with pytest.raises(InputError, match="one class"):
        label_noise.draw(np.array([0, 0]), 1, 0)


def test_samplers_of_one_seed_are_paired():
    y = np.arange(40) % 4
    plain = random.draw(y, 4, 8)
    for twin in (label_noise.draw(y, 4, 8, rate=0.0), shifted.draw(y, 4, 8)):
        assert np.array_equal(plain.rows, twin.rows)
        assert np.array_equal(plain.labels, twin.labels)


def test_random_is_the_order_of_the_raw_words():
    keys = _random.words(30, 4, "rows").tolist()
    expected = sorted(range(30), key=lambda row: keys[row])
    assert random.draw(np.zeros(30, dtype=int), 1, 4).rows.tolist() == expected


def test_uniform_is_the_top_53_bits():
    top = [word >> 11 for word in _random.words(50, 1, "x").tolist()]
    assert _random.uniform(50, 1, "x").tolist() == [t / 2**53 for t in top]


def test_streams_of_two_purposes_differ():
    assert not np.array_equal(_random.words(9, 0, "rows"), _random.words(9, 0, "flips"))


@pytest.mark.parametrize("seed", range(3))
def test_a_share_of_the_split_is_the_pool_of_every_strategy(seed):
    X, y = np.random.default_rng(0).normal(size=(41, 3)), np.arange(41) % 2
    drawn = [
        set(acquired.acquire(X, y, 2, seed, strategy, rounds=(41,), share=0.5).rows)
        for strategy in ("random", "k_centre", "max_herding")
    ]
    assert drawn[0] == drawn[1] == drawn[2] == set(acquired.draw(y, 2, seed, share=0.5).rows)
    assert len(drawn[0]) == 20
    assert drawn[0] != set(acquired.draw(y, 2, seed + 1, share=0.5).rows)


GOLDEN = {
    "acquired": (
        [5, 7, 4, 3, 0, 2, 9, 8, 1, 11, 10, 6],
        [0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1],
    ),
    "derived": (
        [7, 4, 2, 9, 11],
        [2, 1, 2, 1, 1],
    ),
    "imbalanced": (
        [7, 2, 4],
        [2, 2, 1],
    ),
    "label_noise": (
        [5, 7, 4, 3, 0, 2, 9, 8, 1, 11, 10, 6],
        [0, 2, 2, 0, 0, 2, 0, 0, 1, 0, 2, 1],
    ),
    "mteb": (
        [4, 8, 2, 9, 10, 7, 3, 1, 11, 0, 5, 6],
        [1, 0, 2, 1, 0, 2, 0, 1, 1, 0, 0, 1],
    ),
    "per_label": (
        [4, 5, 7, 3, 2, 9, 1, 0, 8, 11, 6, 10],
        [1, 0, 2, 0, 2, 1, 1, 0, 0, 1, 1, 0],
    ),
    "pooled": (
        [5, 7, 4, 3, 0, 2, 9, 8, 1, 11, 10, 6],
        [0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1],
    ),
    "random": (
        [5, 7, 4, 3, 0, 2, 9, 8, 1, 11, 10, 6],
        [0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1],
    ),
    "shifted": (
        [5, 7, 4, 3, 0, 2, 9, 8, 1, 11, 10, 6],
        [0, 2, 1, 0, 0, 2, 1, 0, 1, 1, 0, 1],
    ),
    "stratified": (
        [5, 4, 7, 3, 9, 0, 1, 8, 11, 2, 10, 6],
        [0, 1, 2, 0, 1, 0, 1, 0, 1, 2, 0, 1],
    ),
}


def test_every_sampler_has_a_golden_draw():
    assert set(GOLDEN) == set(shelf.names("samplers"))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_draws_never_change(name):
    rows, drawn = GOLDEN[name]
    draw = shelf.load("samplers", name).draw(np.arange(12) % 5 % 3, 3, seed=20_240)
    assert draw.rows.tolist() == rows
    assert draw.labels.tolist() == drawn
