"""What a sample keeps for its features, against dense algebra; what several samples share."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.errors import InputError
from charz.labelled import MOST_COMPARED
from charz.ridge import PENALTIES
from charz.sample import Sample, matrix


def sample_of(n, d, seed=0, scale=1.0, m=9):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    X = rng.normal(size=(n, d)) + rng.normal(size=(3, d))[y] + 2
    return Sample(scale * X, y, scale * rng.normal(size=(m, d)), n_classes=3)


@given(
    n=st.integers(3, 40),
    d=st.sampled_from([1, 5, 30, 80]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
@settings(deadline=None, max_examples=40)
def test_what_ridge_leaves_is_one_less_the_hat_matrix(n, d, scale):
    sample = sample_of(n, d, scale=scale)
    X = sample.X_train - sample.X_train.mean(axis=0)
    mean_square = (X**2).sum(axis=1).mean()
    assert sample.unit**2 == pytest.approx(mean_square)
    for penalty, left in zip(PENALTIES, sample.left, strict=True):
        inner = np.linalg.inv(X.T @ X + penalty * mean_square * np.eye(d))
        hat = 1 / n + X @ inner @ X.T
        assert left == pytest.approx(1 - np.diag(hat), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("n", "d"), [(12, 30), (40, 6), (100, 80)])
def test_turned_rows_and_labels_are_those_of_the_factor(n, d):
    sample = sample_of(n, d)
    Q, X = sample.factor.axes, sample.centered / sample.unit
    Y = sample.one_hot - sample.one_hot.mean(axis=0)
    rows, labels = (Q.T, Q.T @ Y) if n <= d else (Q.T @ X.T, Q.T @ X.T @ Y)
    assert sample.turned_rows == pytest.approx(rows, abs=1e-5)
    assert sample.turned_labels == pytest.approx(labels, abs=1e-9)


def test_means_of_classes_are_their_rows():
    sample = Sample([[1.0, 2.0], [3.0, 2.0], [5.0, 9.0]], [0, 0, 3], [[0.0, 0.0]], n_classes=5)
    assert sample.class_means.tolist() == [[2, 2], [0, 0], [0, 0], [5, 9], [0, 0]]


def test_several_samples_share_what_depends_on_training_rows_alone():
    one = sample_of(30, 5)
    evals = [one.X_eval, one.X_eval + 1]
    first, second = Sample.several(one.X_train, one.y_train, evals, 3)
    assert first.factor is not second.factor  # nobody asked before the second was made
    made = []
    for sample in Sample.several(one.X_train, one.y_train, evals, 3):
        made.append((sample.factor, sample.left, sample.near, sample.head.cv_probabilities))
        assert sample.eval_near.nearest == pytest.approx(
            Sample(one.X_train, one.y_train, sample.X_eval, 3).eval_near.nearest
        )
    assert all(a is b for a, b in zip(*made, strict=True))


def test_parts_are_made_once_and_of_labelled_rows_once_for_several():
    one = sample_of(12, 3)
    asked = []

    def part(sample):
        asked.append(sample)  # and returns None: what is undefined is not asked for again

    for sample in Sample.several(one.X_train, one.y_train, [one.X_eval, one.X_eval + 1], 3):
        for _ in range(2):
            assert sample.once(part) is None
            assert sample.once_labelled(part) is None
    assert len(asked) == 3
    assert asked[0] is asked[1]
    assert asked[2] is not asked[0]


def test_a_sample_is_gone_with_its_last_name():
    gc.disable()
    try:
        sample = sample_of(10, 4)
        assert sample.head.cv_probabilities is not None
        known = weakref.ref(sample)
        del sample
        assert known() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(("n", "m", "counted"), [(5, 300, 128), (200, 300, 200), (400, 300, 300)])
def test_as_many_eval_rows_count_as_there_are_training_rows(n, m, counted):
    sample = sample_of(n, 2, m=m)
    assert len(set(sample.counted.tolist())) == counted
    assert sample.eval_gram.shape == (counted, counted)


def test_rows_in_another_order_are_chosen_alike():
    sample = sample_of(MOST_COMPARED + 300, 3)
    order = np.random.default_rng(1).permutation(sample.n_train)
    mixed = Sample(sample.X_train[order], sample.y_train[order], sample.X_eval)
    assert sorted(order[mixed.compared]) == sorted(sample.compared)


def test_a_value_that_is_not_finite_is_found_wherever_it_stands():
    X = np.ones((50, 7))
    assert matrix(X * 1e308, "X").max() == 1e308  # their sum overflows, they do not
    for bad in (np.nan, np.inf, -np.inf):
        X[31, 2] = bad
        with pytest.raises(InputError, match="row 31"):
            matrix(X, "X_train")
