"""What is fitted by scikit-learn is what its own estimators give, chosen as by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from charz import shelf
from charz.errors import InputError
from charz.probes import boosting, mlp, svm
from charz.probes._draws import Task
from charz.probes._folded import Rows, axes, held_out, standard
from charz.records import Draw

seeds = st.integers(0, 2**32 - 1)


def rings(n, seed=0):
    """Two classes that no line parts: one around the other."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, 2 * np.pi, n)
    X = (1 + 2 * y)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + 0.15 * rng.normal(size=X.shape), y


def blobs(n, n_classes=3, n_dims=5, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % n_classes)
    return 2 * rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)), y


def one(probe, X, y, E, **parameters):
    draw = Draw(np.arange(len(y)), y)
    (answer,) = probe.predict(X, [draw], [E], int(y.max()) + 1, **parameters)
    return answer


def unit_rows(X, E):
    center = X.mean(axis=0)
    scale = 1 / np.sqrt(((X - center) ** 2).sum(axis=1).mean())
    return (X - center) * scale, (E - center) * scale


@pytest.mark.parametrize(("gamma", "C"), [(0.0, 1.0), (0.5, 10.0)])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_support_vector_machine_decides_as_scikit_learns(gamma, C, n_classes):
    X, y = blobs(60, n_classes)
    E, _ = blobs(80, n_classes, seed=1)
    rows, asked = unit_rows(X, E)
    own = {"kernel": "rbf", "gamma": gamma} if gamma else {"kernel": "linear"}
    expected = SVC(C=C, **own).fit(rows, y).predict(asked)
    got = one(svm, X, y, E, grid=[(gamma, C)]).probabilities[0]
    assert (got.argmax(axis=1) == expected).mean() >= 0.98  # rounded rows may turn a tie


def test_the_network_answers_as_scikit_learns():
    X, y = blobs(60, 2, n_dims=3)
    E, _ = blobs(50, 2, n_dims=3, seed=1)
    rows, asked = unit_rows(X, E)
    _, _, V = np.linalg.svd(rows, full_matrices=False)
    Z, asked = rows @ V.T * np.sqrt(3), asked @ V.T * np.sqrt(3)
    y = y if y[0] == 0 else 1 - y  # codes in the order in which classes come
    model = MLPClassifier((16,), alpha=10.0, solver="lbfgs", max_iter=80, random_state=0)
    expected = model.fit(Z, y).predict(asked)
    got = one(mlp, X, y, E, grid=[(16, 10.0)], n_starts=1).probabilities[0]
    assert (got.argmax(axis=1) == expected).mean() >= 0.95


def test_boosted_trees_answer_as_scikit_learns():
    X, y = blobs(80, 3)
    E, _ = blobs(50, 3, seed=1)
    rows, asked = unit_rows(X, E)
    _, _, V = np.linalg.svd(rows, full_matrices=False)
    model = HistGradientBoostingClassifier(
        learning_rate=boosting.RATE, max_iter=20, max_leaf_nodes=8, early_stopping=False,
        min_samples_leaf=boosting.LEAST_PER_LEAF, random_state=0,
    )  # fmt: skip
    expected = model.fit(rows @ V.T, y).predict(asked @ V.T)
    got = one(boosting, X, y, E, rounds=[20]).probabilities[0]
    assert (got.argmax(axis=1) == expected).mean() >= 0.95


@pytest.mark.parametrize("name", ["svm", "mlp", "boosting"])
def test_what_no_line_parts_is_learned(name):
    X, y = rings(160)
    E, truth = rings(200, seed=1)
    got = one(shelf.load("probes", name), X, y, E)
    assert (got.probabilities[0].argmax(axis=1) == truth).mean() > 0.95
    line = one(shelf.load("probes", "logistic"), X, y, E)
    assert (line.probabilities[0].argmax(axis=1) == truth).mean() < 0.7


def test_rings_choose_the_gaussian_kernel_and_blobs_may_stay_linear():
    X, y = rings(120)
    assert svm.setting(one(svm, X, y, X).chosen)["kernel"] == "rbf"
    assert svm.setting(0.0) == {"kernel": "linear", "C": 0.1}
    assert mlp.setting(1.0) == {"width": 16, "weight_decay": 10.0}
    assert boosting.setting(2.0) == {"rounds": 20}


@given(seeds, st.sampled_from([2, 5]))
@settings(deadline=None, max_examples=20)
def test_scores_left_out_never_saw_their_row(seed, n_classes):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, 23)
    seen = []

    class Noting:
        def left_out(self, rows, codes, others):
            seen.append((rows, codes, others))
            return [np.zeros((len(others), len(np.unique(codes)))) for _ in range(3)]

    scores = held_out(Noting(), y, n_classes, 4)
    assert len(scores) == 3
    for rows, codes, others in seen:
        assert not set(rows) & set(others)
        assert sorted([*rows, *others]) == list(range(23))
        assert codes.max() == len(np.unique(y[rows])) - 1
    for S in scores:
        assert np.isfinite(S).any(axis=1).all()


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_rows_keep_their_shape_and_lose_place_and_scale(seed):
    rng = np.random.default_rng(seed)
    X, E = rng.normal(size=(20, 4)), rng.normal(size=(5, 4))
    y = rng.integers(0, 3, 20)
    _, codes = np.unique(y, return_inverse=True)
    n_classes = int(codes.max()) + 1
    found = standard(Task(X, np.arange(20), codes, [E], n_classes))
    other = standard(Task(3e5 * (X + 7), np.arange(20), codes, [3e5 * (E + 7)], n_classes))
    assert isinstance(found, Rows)
    np.testing.assert_allclose(found.X, unit_rows(X, E)[0], atol=1e-7)
    np.testing.assert_allclose(other.X, found.X, atol=2e-7)
    np.testing.assert_allclose(other.X_evals[0], found.X_evals[0], atol=2e-7)
    # Classes are numbered as they come, and `columns` leads back.
    firsts = [int(np.flatnonzero(found.y == code)[0]) for code in range(n_classes)]
    assert firsts == sorted(firsts)
    assert (found.columns[codes] == found.y).all()


@pytest.mark.parametrize("y", [[0, 0, 1], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 0]])
@pytest.mark.parametrize("name", ["svm", "mlp", "boosting"])
def test_a_class_of_one_row_leaves_a_fold_that_is_sure(name, y):
    y = np.array(y)
    X = np.random.default_rng(0).normal(size=(len(y), 4))
    got = one(shelf.load("probes", name), X, y, X)
    lone = int(np.flatnonzero(np.bincount(y)[y] == 1)[0])
    assert got.cv_probabilities[lone, y[lone]] == 0
    np.testing.assert_allclose(got.cv_probabilities.sum(axis=1), 1)


def test_axes_carry_the_most_variance_and_are_never_none():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(30, 6)) * np.array([9, 1, 1, 5, 1, 1])
    V = axes(X - X.mean(axis=0), 2)
    np.testing.assert_allclose(V.T @ V, np.eye(2), atol=1e-12)
    assert abs(V[0, 0]) > 0.9
    assert axes(np.zeros((4, 3)), 2).shape == (3, 1)


@pytest.mark.parametrize(
    ("probe", "wrong"),
    [
        (svm, {"grid": ()}), (svm, {"grid": [(0.0, 0.0)]}), (svm, {"grid": [(-1.0, 1.0)]}),
        (svm, {"folds": 1}), (mlp, {"grid": [(0, 1.0)]}), (mlp, {"grid": [(4, -1.0)]}),
        (mlp, {"n_steps": 0}), (boosting, {"rounds": ()}), (boosting, {"rounds": (9, 3)}),
        (boosting, {"n_axes": 0}), (boosting, {"folds": 1}),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(probe, wrong):
    X, y = blobs(20, 2)
    with pytest.raises(InputError):
        one(probe, X, y, X, **wrong)
