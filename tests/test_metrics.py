"""The metrics against scikit-learn and slow formulas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from charz import metrics
from charz.errors import InputError
from charz.metrics import _areas


@st.composite
def answers(draw):
    n = draw(st.integers(1, 60))
    n_classes = draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    P = rng.dirichlet(np.full(n_classes, draw(st.sampled_from([0.05, 1.0]))), size=n)
    if draw(st.booleans()):  # many ties
        P = np.round(P * 4) + 0.25
        P /= P.sum(axis=1, keepdims=True)
    unseen = draw(st.booleans())
    if unseen and n_classes > 2:
        P[:, -1] = 0
        P[:, 0] += 1e-3
        P /= P.sum(axis=1, keepdims=True)
    return P, rng.integers(0, draw(st.integers(1, n_classes)), size=n)


def slow_auroc(P, y):
    areas = []
    for k in [1] if P.shape[1] == 2 else range(P.shape[1]):
        inside, outside = P[y == k, k], P[y != k, k]
        if len(inside) and len(outside):
            wins = inside[:, None] > outside
            ties = inside[:, None] == outside
            areas.append((wins + ties / 2).mean())
    return np.mean(areas) if areas else np.nan


def slow_ece(P, y):
    total = 0.0
    top, hit = P.max(axis=1), P.argmax(axis=1) == y
    edges = np.linspace(0, 1, 16)
    for low, high in itertools.pairwise(edges):
        inside = (top > low) & (top <= high)
        if inside.any():
            total += inside.mean() * abs(hit[inside].mean() - top[inside].mean())
    return total


@given(answers())
@settings(deadline=None, max_examples=200)
def test_metrics_equal_scikit_learn_and_slow_formulas(answer):
    P, y = answer
    predicted = P.argmax(axis=1)
    one_hot = np.eye(P.shape[1])[y]
    got = metrics.measure(P, y)
    recalls = sk.recall_score(y, predicted, labels=np.unique(y), average=None, zero_division=0)
    expected = {
        "accuracy": sk.accuracy_score(y, predicted),
        "balanced_accuracy": np.mean(recalls),
        "macro_f1": sk.f1_score(y, predicted, average="macro", zero_division=0),
        "log_loss": sk.log_loss(y, P, labels=np.arange(P.shape[1])),
        "brier": ((P - one_hot) ** 2).sum(axis=1).mean() / 2,
        "auroc": slow_auroc(P, y),
    }
    assert tuple(got) == metrics.NAMES
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, abs=1e-9, nan_ok=True), name


@given(answers())
@settings(deadline=None, max_examples=100)
def test_calibration_error_equals_slow_formula_away_from_bin_edges(answer):
    P, y = answer
    edges = np.abs(P.max(axis=1) * 15 - np.round(P.max(axis=1) * 15))
    keep = edges > 1e-9
    if keep.any():
        assert metrics.ece(P[keep], y[keep]) == pytest.approx(slow_ece(P[keep], y[keep]), abs=1e-12)


def test_multiclass_auroc_equals_scikit_learn_when_all_classes_are_there():
    rng = np.random.default_rng(0)
    P, y = rng.dirichlet(np.ones(5), size=200), rng.integers(0, 5, size=200)
    assert metrics.auroc(P, y) == pytest.approx(sk.roc_auc_score(y, P, multi_class="ovr"))
    assert metrics.auroc(P[:, :2], y % 2) == pytest.approx(sk.roc_auc_score(y % 2, P[:, 1]))


def test_binary_brier_is_the_familiar_one():
    P, y = np.array([[0.8, 0.2], [0.3, 0.7], [0.5, 0.5]]), np.array([0, 0, 1])
    assert metrics.brier(P, y) == pytest.approx(sk.brier_score_loss(y, P[:, 1]))


def test_a_class_unseen_in_training_counts_as_an_error():
    P, y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([2, 1])
    got = metrics.measure(P, y)
    assert got["accuracy"] == 0.5
    assert got["log_loss"] == pytest.approx(-np.log(np.finfo(float).eps) / 2)


def test_one_class_of_labels_has_no_auroc():
    P = np.array([[0.8, 0.2], [0.4, 0.6]])
    assert np.isnan(metrics.measure(P, np.array([0, 0]))["auroc"])


@pytest.mark.parametrize(
    ("P", "y"),
    [
        (np.zeros((0, 2)), np.zeros(0, int)),
        (np.ones((2, 2)) / 2, np.array([0])),
        (np.ones((1, 2)) / 2, np.array([2])),
        (np.ones((1, 2)) / 2, np.array([-1])),
        (np.ones((1, 2)) / 2, np.array([0.5])),
        (np.array([[np.nan, 1.0]]), np.array([0])),
    ],
)
def test_bad_answers_are_refused(P, y):
    with pytest.raises(InputError):
        metrics.measure(P, y)


@given(answers(), st.integers(1, 6), st.booleans())
@settings(deadline=None, max_examples=100)
def test_many_answers_are_measured_as_each_alone(answer, n_answers, single):
    P, y = answer
    rng = np.random.default_rng(n_answers)
    several = np.stack([P[rng.permutation(len(P))] for _ in range(n_answers)])
    several = several.astype(np.float32) if single else several
    many = metrics.measure_many(several, y)
    assert tuple(many) == metrics.NAMES
    for place, each in enumerate(several):
        alone = metrics.measure(each, y)
        together = {name: many[name][place] for name in many}
        np.testing.assert_array_equal(list(together.values()), list(alone.values()))


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([2, 5, 150]))
@settings(deadline=None, max_examples=20)
def test_parts_of_the_budget_do_not_change_a_bit(seed, n, n_classes):
    rng = np.random.default_rng(seed)
    P, y = rng.dirichlet(np.ones(n_classes), size=(7, n)), rng.integers(0, n_classes, size=n)
    whole = metrics.measure_many(P, y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "BUDGET", 3 * 16 * n * n_classes)
        parts = metrics.measure_many(P, y)
    for name in metrics.NAMES:
        np.testing.assert_array_equal(parts[name], whole[name])


@given(answers(), st.integers(1, 3))
@settings(deadline=None, max_examples=100)
def test_comparing_and_sorting_count_the_same_wins(answer, n_answers):
    P, y = answer
    several = np.stack([np.roll(P, shift, axis=0) for shift in range(n_answers)])
    order, counts = np.argsort(y, kind="stable"), np.bincount(y, minlength=P.shape[1])
    ends, classes = np.cumsum(counts), np.flatnonzero(counts)
    arguments = several, order, (ends - counts)[classes], ends[classes], classes
    compared = _areas._compare(*arguments)
    np.testing.assert_array_equal(compared, _areas._compare.python(*arguments))
    for place, k in enumerate(classes):
        members = np.flatnonzero(y == k)
        np.testing.assert_array_equal(_areas._sort(several[:, :, k], members), compared[:, place])
        columns = np.sort(several[:, :, k], axis=1)
        inside = np.sort(several[:, members, k], axis=1)
        for count in (_areas._look_up, _areas._merge, _areas._merge.python):
            np.testing.assert_array_equal(count(columns, inside), compared[:, place])
        own = several[0, members, k][:, None]
        slow = (several[0, :, k] < own).sum() + (several[0, :, k] <= own).sum()
        assert slow == compared[0, place]


def test_the_area_is_the_same_before_and_after_compiling():
    rng = np.random.default_rng(3)
    P, y = np.round(rng.dirichlet(np.ones(40), size=900), 2), rng.integers(0, 40, size=900)
    members = [np.flatnonzero(y == k) for k in range(40)]
    pairs = [(np.sort(P[None, :, k]), np.sort(P[None, rows, k])) for k, rows in enumerate(members)]
    twice = [_areas._look_up(*pair)[0] for pair in pairs]
    n_in = np.bincount(y, minlength=40)
    expected = (np.array(twice) / 2 - n_in * n_in / 2) / (n_in * (900 - n_in))
    np.testing.assert_array_equal(_areas.areas(np.stack([P] * 9), y, np.arange(40)), [expected] * 9)
    assert _areas._compare.is_ready
    assert metrics.auroc(P, y) == pytest.approx(slow_auroc(P, y), abs=1e-12)


def test_bad_answers_among_many_are_refused():
    P, y = np.full((3, 4, 2), 0.5), np.array([0, 1, 0, 1])
    P[1, 2, 0] = np.inf
    with pytest.raises(InputError):
        metrics.measure_many(P, y)
    with pytest.raises(InputError):
        metrics.measure_many(P[0], y)


@given(answers())
@settings(deadline=None, max_examples=40)
def test_each_metric_alone_is_that_of_measure_in_any_layout(answer):
    P, y = answer
    single = P.astype(np.float32)
    for array in (P, np.asfortranarray(P), single):
        whole = metrics.measure(array, y)
        for name in ("accuracy", "log_loss", "brier", "ece", "auroc"):
            np.testing.assert_array_equal(getattr(metrics, name)(array, y), whole[name])
