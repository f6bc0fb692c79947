"""The grid's table, against scikit-learn, the logistic probe and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss

import charz
from charz import metrics
from charz.errors import InputError
from charz.probes import logistic
from charz.records import Draw

GRID = (0.01, 1.0, 100.0)


def problem(seed, n=90, n_dims=12, n_classes=3, n_eval=70):
    rng = np.random.default_rng(seed)
    y = np.arange(n + n_eval) % n_classes
    X = rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n + n_eval, n_dims))
    return X[:n], y[:n], X[n:], y[n:]


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("n_dims", [4, 150])
def test_every_row_is_scikit_learns_fit(n_classes, n_dims):
    X, y, E, truth = problem(0, n_dims=n_dims, n_classes=n_classes)
    subsets = {"half": np.arange(45), "all": np.arange(90)}
    table = charz.probe_grid(X, y, E, truth, subsets=subsets, C=GRID, cv=0, exact=True)
    assert table.subset.tolist() == ["half"] * 3 + ["all"] * 3
    assert table.C.tolist() == [*GRID, *GRID]
    assert table.gap.max() <= 1e-13
    for row in table.itertuples():
        rows = subsets[row.subset]
        peer = LogisticRegression(C=row.C, solver="newton-cholesky", tol=1e-12, max_iter=500)
        P = peer.fit(X[rows], y[rows]).predict_proba(E)
        assert row.accuracy == accuracy_score(truth, P.argmax(axis=1))
        assert row.macro_f1 == pytest.approx(f1_score(truth, P.argmax(axis=1), average="macro"))
        assert row.log_loss == pytest.approx(log_loss(truth, P), rel=1e-6)
        assert row.n_train == len(rows)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4]), st.booleans())
@settings(deadline=None, max_examples=10)
def test_an_answer_within_the_gap_scores_as_the_optimum_does(seed, n_classes, scale):
    X, y, E, truth = problem(seed, n_classes=n_classes)
    wanted = {"C": GRID, "cv": 0, "scale": scale}
    fast = charz.probe_grid(X, y, E, truth, **wanted)
    best = charz.probe_grid(X, y, E, truth, **wanted, exact=True)
    assert (fast.gap <= 1e-6).all()
    np.testing.assert_allclose(fast.log_loss, best.log_loss, rtol=1e-3, atol=1e-4)
    # One eval row of 70 may lie on the border.
    assert (fast.accuracy - best.accuracy).abs().max() <= 1.01 / 70


def test_the_chosen_row_is_the_logistic_probes_answer():
    X, y, E, truth = problem(1)
    rows = np.random.default_rng(0).permutation(90)[:50]
    table = charz.probe_grid(X, y, E, truth, subsets=[rows], C=GRID, scale=True)
    (answer,) = logistic.predict(X, [Draw(rows, y[rows])], [E], 3, C=GRID)
    (chosen,) = table[table.chosen].itertuples()
    assert answer.chosen == chosen.C
    assert chosen.gap == answer.gap
    assert chosen.cv_accuracy == metrics.accuracy(answer.cv_probabilities, y[rows])
    assert chosen.cv_log_loss == metrics.log_loss(answer.cv_probabilities, y[rows])
    scores = metrics.measure(answer.probabilities[0], truth)
    assert {name: getattr(chosen, name) for name in scores} == pytest.approx(scores, abs=1e-12)


def test_workers_and_memory_change_nothing_to_speak_of():
    X, y, E, truth = problem(2, n=200)
    subsets = [np.random.default_rng(seed).permutation(200)[:120] for seed in range(6)]
    one = charz.probe_grid(X, y, E, truth, subsets=subsets, C=GRID)
    two = charz.probe_grid(X, y, E, truth, subsets=subsets, C=GRID, workers=2)
    columns = [name for name in one.columns if name != "seconds"]
    assert one[columns].equals(two[columns])
    small = charz.probe_grid(X, y, E, truth, subsets=subsets, C=GRID, memory=1)
    assert (small.gap <= 1e-6).all()
    assert small.chosen.equals(one.chosen)
    np.testing.assert_allclose(small.cv_log_loss, one.cv_log_loss, rtol=1e-2)


def test_labels_may_be_strings_and_subsets_masks_or_of_one_class():
    X, y, E, truth = problem(3)
    names = np.array(["red", "green", "blue"])
    subsets = {"mask": y < 2, "one": np.flatnonzero(y == 1)[:4], "all": range(90)}
    table = charz.probe_grid(X, names[y], E, names[truth], subsets=subsets, C=GRID)
    coded = charz.probe_grid(X, y, E, truth, subsets=subsets, C=GRID)
    np.testing.assert_allclose(table.accuracy, coded.accuracy)
    one = table[table.subset == "one"]
    assert (one.accuracy == (truth == 1).mean()).all()
    assert (one.gap == 0).all()
    assert one.chosen.tolist() == [True, False, False]


def test_without_folds_nothing_is_cross_validated():
    X, y, E, truth = problem(4)
    table = charz.probe_grid(X, y, E, truth, C=GRID, cv=0)
    assert table.cv_accuracy.isna().all()
    assert not table.chosen.any()
    assert charz.probe_grid(X, y, E, truth, C=[1.0], cv=0).chosen.all()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"y_train": [0, 1]}, "y_train has the shape"),
        ({"y_eval": np.full(70, 0.5)}, "y_eval holds float64 labels"),
        ({"X_eval": np.ones((70, 3))}, "12 dimensions, X_eval 3"),
        ({"X_eval": np.full((70, 12), np.nan)}, "X_eval has NaN"),
        ({"X_train": np.full((90, 12), np.inf)}, "the training rows has NaN"),
        ({"X_train": np.array([["a"]])}, "no numeric matrix"),
        ({"subsets": [[]]}, "subset 0 names no rows"),
        ({"subsets": {"far": [90]}}, "'far' asks for rows 90..90 of 90"),
        ({"subsets": [[-1, 2]]}, "asks for rows -1"),
        ({"C": [0.0]}, "no grid"),
        ({"cv": 1}, "folds = 1"),
        ({"tol": 0.0}, "tol = 0.0"),
        ({"workers": 0}, "workers = 0"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(change, what):
    X, y, E, truth = problem(5)
    given_ = {"X_train": X, "y_train": y, "X_eval": E, "y_eval": truth} | change
    with pytest.raises(InputError, match=what):
        charz.probe_grid(**given_)
