"""Curves inside a sample, against ridge heads of scikit-learn trained on the same rows."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss

from charz.features import curve_shape, mdl
from charz.labelled import Labelled
from charz.nested import deal
from charz.sample import Sample

SHAPES = [(24, 4, 3), (31, 90, 2), (300, 70, 4), (9, 5, 4)]
shapes = pytest.mark.parametrize(("n", "d", "k"), SHAPES)


def sample_of(n, d, k, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    X = rng.normal(size=(n, d)) + signal * rng.normal(size=(k, d))[y] + 2
    return Sample(X, y, X[:3], n_classes=k + 1)


def predicted(sample, train, test):
    """Return the scores of a ridge head with a constant column, fitted by scikit-learn."""
    X = (sample.X_train - sample.X_train.mean(axis=0)) / sample.unit
    X = np.column_stack([X, np.ones(len(X))])
    Y = np.eye(sample.n_classes)[sample.y_train] - 1 / sample.n_classes
    head = Ridge(alpha=sample.nested.penalty, fit_intercept=False, solver="cholesky")
    return head.fit(X[train], Y[train]).predict(X[test])


@shapes
def test_heads_are_ridge_regressions_of_the_rows_before(n, d, k):
    sample = sample_of(n, d, k)
    for order, parts in zip(sample.nested.orders, sample.nested.arrangements, strict=True):
        assert parts[0].size == n // 2
        for part in parts:
            rest = order[part.size :]
            expected = predicted(sample, order[: part.size], rest)
            assert part.scores == pytest.approx(expected, abs=1e-3 if d > 64 else 1e-9)
            assert (part.labels == sample.y_train[rest]).all()


@shapes
def test_every_row_is_held_out_as_often_as_it_is_trained_on(n, d, k):
    orders = sample_of(n, d, k).nested.orders
    assert len(orders) == (2 if n > 256 else 4)
    trained = np.bincount(np.concatenate([order[: n // 2] for order in orders]), minlength=n)
    assert (trained <= len(orders) // 2 + (n % 2)).all()
    assert all(sorted(order) == list(range(n)) for order in orders)


def mean_scores(sample, divisor):
    scores, labels = [], []
    for order in sample.nested.orders:
        size = sample.n_train // 2 // (divisor // 2)
        scores.append(predicted(sample, order[:size], order[size:]))
        labels.append(sample.y_train[order[size:]])
    scores, labels = np.vstack(scores), np.concatenate(labels)
    right = (scores.argmax(axis=1) == labels).mean()
    codes = list(range(sample.n_classes))
    losses = [
        log_loss(labels, softmax(t * scores, axis=1), labels=codes)
        for t in np.exp(np.linspace(-3, 6, 400))
    ]
    return right, min(losses)


@pytest.mark.parametrize(("n", "d", "k"), SHAPES[:3])
def test_curve_shape_is_that_of_the_heads(n, d, k):
    sample = sample_of(n, d, k, signal=0.5)
    found = curve_shape.compute(sample)
    half, loss_half = mean_scores(sample, 2)
    quarter, loss_quarter = mean_scores(sample, 4)
    assert found["half"] == pytest.approx(half, abs=1e-9)
    assert found["slope"] == pytest.approx(half - quarter, abs=1e-9)
    assert found["ahead"] == pytest.approx(min(max(2 * half - quarter, 0), 1), abs=1e-9)
    # The factor is fitted to one row more, of all labels evenly: certainty is not asked for.
    assert -1e-9 < found["loss_half"] - loss_half < 0.03
    assert found["loss_slope"] == pytest.approx(loss_half - loss_quarter, abs=0.05)
    ahead = max(found["loss_half"] + found["loss_slope"], 0)
    assert found["loss_ahead"] == pytest.approx(ahead)


@shapes
def test_mdl_by_a_code_written_out(n, d, k):
    sample = sample_of(n, d, k)
    lengths = []
    for order in sample.nested.orders:
        sizes = [n // 2]
        while sizes[-1] // 2 >= 2:
            sizes.append(sizes[-1] // 2)
        bounds = [*sizes[::-1], n]
        spent = np.zeros(6)
        for low, high in itertools.pairwise(bounds):
            scores = predicted(sample, order[:low], order[low:high])
            for i, t in enumerate((1, 2, 4, 8, 16, 32)):
                for row, label in zip(scores, sample.y_train[order[low:high]], strict=True):
                    spent[i] -= math.log(softmax(t * row)[label])
        mixed = -(logsumexp(-spent) - math.log(6))
        lengths.append((mixed + bounds[0] * math.log(k + 1)) / math.log(2))
    found = mdl.compute(sample)
    assert found["bits"] == pytest.approx(np.mean(lengths) / n, rel=1e-3 if d > 64 else 1e-9)
    assert found["compression"] == pytest.approx(math.log2(k + 1) / found["bits"])


def test_labels_are_short_to_send_where_rows_tell_them():
    clear, none = (mdl.compute(sample_of(200, 6, 3, signal=s)) for s in (4, 0))
    assert clear["compression"] > 3
    assert none["compression"] < 1.35  # three of four classes occur: log2 4 / log2 3 = 1.26


def test_a_curve_that_rises_is_seen_to_rise():
    slopes = [curve_shape.compute(sample_of(64, 30, 4, seed, 0.5))["slope"] for seed in range(20)]
    assert np.mean(slopes) > 0.02


@given(
    seed=st.integers(0, 1000),
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=5),
)
@settings(deadline=None, max_examples=40)
def test_stretches_have_the_shares_of_classes_of_the_whole(seed, counts):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    X = rng.normal(size=(len(y), 3))
    order = deal(Labelled(X, y, len(counts)).places, y)
    assert sorted(order) == list(range(len(y)))
    for size in range(len(y) + 1):
        seen = np.bincount(y[order[:size]], minlength=len(counts))
        assert (np.abs(seen - size * np.array(counts) / len(y)) <= 1 + len(counts) / 2).all()
    if len(y) > 2:  # two rows are as long as each other
        mixed = rng.permutation(len(y))
        places = Labelled(X[mixed], y[mixed], len(counts)).places
        assert (X[mixed][deal(places, y[mixed])] == X[order]).all()


def test_many_rows_are_represented_by_an_even_choice():
    sample = sample_of(1300, 5, 3)
    assert sample.nested.n_rows == 1024
    values = curve_shape.compute(sample) | mdl.compute(sample)
    assert all(math.isfinite(value) for value in values.values())


@pytest.mark.parametrize("n", [4, 6, 8, 150])
def test_few_rows_of_many_classes(n):
    rng = np.random.default_rng(n)
    sample = Sample(rng.normal(size=(n, 80)), np.arange(n), rng.normal(size=(4, 80)), 150)
    found = curve_shape.compute(sample)
    assert found["half"] == (0 if n >= 8 else pytest.approx(math.nan, nan_ok=True))
    assert mdl.compute(sample)["compression"] < 1.5
