"""Counts and shares of classes, against plain counting."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from charz.features import (
    balance,
    majority_share,
    minority_share,
    n_classes,
    n_dims,
    n_eval,
    n_train,
)
from charz.sample import Sample

labels = st.lists(st.integers(0, 4), min_size=1, max_size=30)


def sample_of(y, k=5):
    return Sample(np.zeros((len(y), 3)), np.array(y), np.ones((7, 3)), n_classes=k)


@given(y=labels)
@settings(deadline=None)
def test_sizes_are_counts(y):
    sample = sample_of(y)
    found = [item.compute(sample) for item in (n_train, n_eval, n_dims, n_classes)]
    assert found == [len(y), 7, 3, 5]


@given(y=labels)
@settings(deadline=None)
def test_shares_are_the_extremes_over_all_classes_of_the_task(y):
    counts = Counter(y)
    assert majority_share.compute(sample_of(y)) == max(counts.values()) / len(y)
    assert minority_share.compute(sample_of(y)) == min(counts[c] for c in range(5)) / len(y)


@given(y=labels)
@settings(deadline=None)
def test_balance_is_entropy_to_the_base_of_the_classes(y):
    expected = entropy(list(Counter(y).values()), base=5)
    assert balance.compute(sample_of(y)) == pytest.approx(expected, abs=1e-12)


def test_balance_of_a_task_with_one_class_is_undefined():
    assert math.isnan(balance.compute(sample_of([0, 0], k=1)))
