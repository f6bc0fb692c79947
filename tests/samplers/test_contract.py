"""Laws that every sampler on the shelf obeys."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.errors import InputError

SAMPLERS = shelf.items("samplers")

labels = st.lists(st.integers(0, 4), min_size=1, max_size=40).map(np.array)
seeds = st.integers(-(2**70), 2**70)


every = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)
fair = [name for name in SAMPLERS if name != "mteb"]  # whose draws are powers of one permutation


@every
@given(y=labels, seed=seeds, size=st.integers(0, 40))
@settings(deadline=None, max_examples=60)
def test_a_draw_is_an_order_of_rows_and_its_prefixes_nest(sampler, y, seed, size):
    draw = sampler.draw(y, 5, seed)
    assert len(draw.rows) == len(draw.labels) >= 1
    assert len(np.unique(draw.rows)) == len(draw.rows)
    assert draw.rows.min() >= 0
    assert draw.rows.max() < len(y)
    assert draw.rows.dtype == draw.labels.dtype == np.int64
    assert draw.labels.min() >= 0
    assert draw.labels.max() < 5
    smaller = draw.head(size)
    assert np.array_equal(smaller.rows, draw.rows[:size])
    assert np.array_equal(smaller.labels, draw.labels[:size])


@every
@given(y=labels, seed=seeds)
@settings(deadline=None, max_examples=40)
def test_equal_arguments_give_equal_draws(sampler, y, seed):
    first = sampler.draw(y, 5, seed)
    np.random.seed(0)  # noqa: NPY002 - global state must not matter
    second = sampler.draw(y.astype(np.int32), 5, seed)
    assert np.array_equal(first.rows, second.rows)
    assert np.array_equal(first.labels, second.labels)


@every
def test_another_seed_gives_another_draw(sampler):
    y = np.arange(60) % 3
    draws = {tuple(sampler.draw(y, 3, seed).rows) for seed in range(20)}
    assert len(draws) == 20


@every
def test_labels_are_those_of_the_split_or_its_task_except_under_noise(sampler):
    y = np.arange(50) % 4
    draw = sampler.draw(y, 4, seed=3)
    codes = sampler.task(y, 4, 3) if hasattr(sampler, "task") else np.arange(4)
    agrees = draw.labels == codes[y[draw.rows]]
    assert agrees.all() or "rate" in sampler.PARAMETERS


@pytest.mark.parametrize("name", fair)
def test_every_row_comes_first_equally_often(name):
    sampler = SAMPLERS[name]
    y = np.repeat([0, 1], 4)
    first = [sampler.draw(y, 2, seed).rows[0] for seed in range(2000)]
    counts = np.bincount(first, minlength=8)
    # chi-square with 7 degrees of freedom: 40 has probability 1e-6, and the seeds are fixed
    assert ((counts - 250) ** 2 / 250).sum() < 40


@every
def test_parameters_are_keywords_with_the_stated_defaults(sampler):
    extra = list(inspect.signature(sampler.draw).parameters.values())[3:]
    assert {p.name: p.default for p in extra} == sampler.PARAMETERS


def test_only_shifted_is_evaluated_on_the_family():
    where = {name: item.EVALUATE for name, item in SAMPLERS.items()}
    assert where.pop("shifted") == "family"
    assert set(where.values()) == {"same"}


@every
@pytest.mark.parametrize("y", [[], [[0, 1]], [0.0, 1.0], ["a", "b"], [0, 3], [-1, 0]], ids=str)
def test_labels_that_are_no_codes_are_refused(sampler, y):
    with pytest.raises(InputError, match="class codes"):
        sampler.draw(np.array(y), 3, 0)


@every
def test_a_seed_that_is_no_integer_is_refused(sampler):
    with pytest.raises(InputError, match="seed"):
        sampler.draw(np.array([0, 1]), 2, 0.5)
