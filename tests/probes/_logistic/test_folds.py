"""The fold rule: stratified, balanced, made of labels in order and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.probes._logistic import folds

labels = st.lists(st.integers(0, 6), min_size=1, max_size=80).map(np.array)


@given(labels, st.integers(2, 10))
@settings(deadline=None)
def test_folds_are_balanced_overall_and_within_classes(y, n_folds):
    fold = folds.assign(y, n_folds)
    k = min(n_folds, len(y))
    assert set(fold) == set(range(k))
    sizes = np.bincount(fold, minlength=k)
    assert sizes.max() - sizes.min() <= 1
    for code in np.unique(y):
        sizes = np.bincount(fold[y == code], minlength=k)
        assert sizes.max() - sizes.min() <= 1


@given(labels, st.integers(2, 10))
@settings(deadline=None)
def test_folds_depend_on_the_order_within_classes_alone(y, n_folds):
    order = np.argsort(y, kind="stable")
    np.testing.assert_array_equal(folds.assign(y, n_folds)[order], folds.assign(y[order], n_folds))


def test_a_class_with_two_rows_is_never_wholly_held_out():
    y = np.array([0, 0, 1, 1, 2, 2])
    fold = folds.assign(y, 5)
    for code in range(3):
        assert len(set(fold[y == code])) == 2
