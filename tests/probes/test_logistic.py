"""The logistic probe against scikit-learn and against its own definition."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from charz.errors import InputError
from charz.metrics import log_loss
from charz.probes import logistic
from charz.probes._logistic import folds
from charz.records import Draw

GRID = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


def problem(seed, n, n_dims, n_classes, n_eval=50, spread=1.0):
    """Return anisotropic rows off the origin, every class present, and as many to predict."""
    rng = np.random.default_rng(seed)
    axes = np.arange(1, n_dims + 1) ** -0.5
    centers = rng.normal(size=(n_classes, n_dims)) * axes * spread
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n + n_eval)])
    y = y[: n + n_eval]
    X = centers[y] + rng.normal(size=(len(y), n_dims)) * axes + rng.normal(size=n_dims)
    return X[:n], y[:n], X[n:], y[n:]


def peer(X, y, C):
    """Return scikit-learn's answer, solved as tightly as it can."""
    model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def objective(model, X, y, C):
    loss = -np.log(model.predict_proba(X)[np.arange(len(y)), y]).sum()
    return C * loss + (model.coef_**2).sum() / 2


def plain(X, y, X_eval, n_classes, C, **parameters):
    draw = Draw(np.arange(len(y)), y)
    (answer,) = logistic.predict(X, [draw], [X_eval], n_classes, C=(C,), folds=0, **parameters)
    return answer


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 6]),
    st.integers(12, 90),
    st.sampled_from([2, 7, 40]),
    st.sampled_from([0.01, 1.0, 30.0]),
)
@settings(deadline=None, max_examples=40)
def test_a_plain_fit_equals_scikit_learn(seed, n_classes, n, n_dims, C):
    X, y, X_eval, y_eval = problem(seed, n, n_dims, n_classes)
    got = plain(X, y, X_eval, n_classes, C, scale=False)
    model = peer(X, y, C)
    assert got.gap <= 1e-6
    assert got.chosen == C
    # A gap of 1e-6 bounds the weights' distance by sqrt(2 gap f*), in units of the penalty.
    f = objective(model, X, y, C)
    reach = np.sqrt(2 * (got.gap + 1e-9) * f) * np.linalg.norm(X_eval - X.mean(axis=0), axis=1)
    exact = model.predict_proba(X_eval)
    assert (np.abs(got.probabilities[0] - exact).max(axis=1) <= reach + 1e-5).all()
    assert log_loss(got.probabilities[0], y_eval) == pytest.approx(
        log_loss(exact, y_eval), rel=1e-3, abs=1e-3
    )


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize(("n", "n_dims"), [(60, 100), (300, 30)])
def test_solved_tightly_it_equals_scikit_learn_to_six_digits(n_classes, n, n_dims):
    X, y, X_eval, y_eval = problem(3, n, n_dims, n_classes)
    for C in (0.1, 10.0):
        got = plain(X, y, X_eval, n_classes, C, scale=False, tol=1e-13)
        exact = peer(X, y, C).predict_proba(X_eval)
        assert got.gap <= 1e-13
        assert log_loss(got.probabilities[0], y_eval) == pytest.approx(
            log_loss(exact, y_eval), abs=1e-6
        )
        np.testing.assert_allclose(got.probabilities[0], exact, atol=2e-5)


def test_scaling_is_scikit_learn_on_unit_rows():
    X, y, X_eval, _ = problem(4, 80, 20, 3)
    factor = 1 / np.sqrt((X**2).sum(axis=1).mean())
    got = plain(X, y, X_eval, 3, 10.0)
    exact = peer(factor * X, y, 10.0).predict_proba(factor * X_eval)
    np.testing.assert_allclose(got.probabilities[0], exact, atol=2e-3)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4]), st.sampled_from([9, 30, 70]))
@settings(deadline=None, max_examples=6)
def test_the_chosen_c_is_that_of_an_explicit_loop(seed, n_classes, n):
    X, y, X_eval, _ = problem(seed, n, 15, n_classes, spread=0.5)
    X = X / np.sqrt((X**2).sum(axis=1).mean())
    draw = Draw(np.arange(n), y)
    (got,) = logistic.predict(X, [draw], [X_eval], n_classes)
    fold = folds.assign(y, 5)
    held = {C: cross_validated(X, y, C, fold, n_classes) for C in GRID}
    losses = {C: log_loss(P, y) for C, P in held.items()}
    # Where two C are as good as equal, either choice is right.
    assert losses[got.chosen] <= min(losses.values()) + 2e-3
    np.testing.assert_allclose(got.cv_probabilities, held[got.chosen], atol=2e-2)


def cross_validated(X, y, C, fold, n_classes):
    P = np.zeros((len(y), n_classes))
    for part in range(fold.max() + 1):
        train, test = fold != part, fold == part
        present = np.unique(y[train])
        if len(present) == 1:
            P[np.ix_(test, present)] = 1
        else:
            P[np.ix_(test, present)] = peer(X[train], y[train], C).predict_proba(X[test])
    return P


@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_answer_is_the_plain_fit_at_the_chosen_c(n_classes):
    X, y, X_eval, _ = problem(8, 60, 25, n_classes)
    (got,) = logistic.predict(X, [Draw(np.arange(60), y)], [X_eval], n_classes)
    alone = plain(X, y, X_eval, n_classes, got.chosen)
    np.testing.assert_allclose(got.probabilities[0], alone.probabilities[0], atol=2e-3)


def test_equal_losses_choose_the_smaller_c():
    # One row per class: no fold can tell the held-out class, whatever C.
    draw = Draw(np.arange(5), np.arange(5))
    (got,) = logistic.predict(np.eye(5), [draw], [np.eye(5)], 5)
    assert got.chosen == 0.01
    assert (np.diag(got.cv_probabilities) == 0).all()
    assert (got.probabilities[0].argmax(axis=1) == np.arange(5)).all()


def test_the_mteb_protocol_is_scikit_learn_at_its_defaults():
    X, y, X_eval, _ = problem(5, 64, 30, 3)
    got = plain(X, y, X_eval, 3, 1.0, scale=False)
    exact = LogisticRegression(max_iter=1000).fit(X, y).predict_proba(X_eval)
    assert (got.probabilities[0].argmax(axis=1) == exact.argmax(axis=1)).mean() > 0.97
    assert got.cv_probabilities is None


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_raw_rows_of_any_scale_converge_or_say_so(scale, n_classes):
    X, y, X_eval, _ = problem(6, 50, 70, n_classes)
    got = plain(X * scale, y, X_eval * scale, n_classes, 1.0, scale=False)
    assert np.isfinite(got.probabilities[0]).all()
    assert got.gap <= 1e-6 or scale == 1e6
    assert got.gap >= 0


@pytest.mark.parametrize(
    "X",
    [
        np.repeat(np.eye(6), 10, axis=0),
        np.hstack([np.ones((60, 3)), np.random.default_rng(0).normal(size=(60, 4))]),
        np.hstack([np.zeros((60, 90)), np.random.default_rng(0).normal(size=(60, 4))]),
        np.random.default_rng(0).normal(size=(60, 1)),
        np.zeros((60, 4)),
    ],
    ids=["duplicates", "constant columns", "zero columns", "one column", "nothing"],
)
@pytest.mark.parametrize("n_classes", [2, 6])
def test_hard_rows_converge(X, n_classes):
    y = np.repeat(np.arange(6), 10) % n_classes
    (got,) = logistic.predict(X, [Draw(np.arange(60), y)], [X], n_classes)
    assert got.gap <= 1e-6
    for C in GRID:
        assert plain(X, y, X, n_classes, C).gap <= 1e-6


def test_separable_rows_of_many_classes_converge_at_the_weakest_penalty():
    rng = np.random.default_rng(0)
    y = np.arange(231) % 77
    X = np.eye(77)[y] + rng.normal(size=(231, 77)) * 0.01
    assert plain(X, y, X, 77, 1000.0).gap <= 1e-6


@pytest.mark.parametrize(
    "parameters",
    [
        {"C": ()},
        {"C": (0.0,)},
        {"C": (1.0, np.inf)},
        {"C": (1.0, 2.0), "folds": 0},
        {"folds": 1},
        {"tol": 0.0},
    ],
)
def test_bad_parameters_are_refused(parameters):
    draw = Draw(np.arange(2), np.arange(2))
    with pytest.raises(InputError):
        logistic.predict(np.eye(2), [draw], [np.eye(2)], 2, **parameters)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_many_classes_of_few_rows_converge_with_folds(monkeypatch, engine):
    monkeypatch.setenv("CHARZ_ENGINE", engine)
    rng = np.random.default_rng(0)
    for n in (150, 330):
        y = np.arange(n) % 150
        X = rng.normal(size=(150, 40))[y] + rng.normal(size=(n, 40)) / 2
        (got,) = logistic.predict(X, [Draw(np.arange(n), y)], [X], 150)
        assert got.gap <= 1e-6
        assert np.isfinite(got.cv_probabilities).all()
        assert (got.probabilities[0].argmax(axis=1) == y).mean() > 0.9


@pytest.mark.parametrize("engine", ["numba", "numpy"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_rows_at_huge_c_converge_or_say_so(monkeypatch, engine, n_classes):
    monkeypatch.setenv("CHARZ_ENGINE", engine)
    X, y, X_eval, _ = problem(9, 40, 90, n_classes, spread=3.0)
    for C in (1e4, 1e6, 1e9):
        got = plain(X, y, X_eval, n_classes, C)
        assert got.gap <= 1e-6 or C > 1e5
        assert np.isfinite(got.probabilities[0]).all()
        assert plain(X, y, X, n_classes, C).probabilities[0].argmax(axis=1).tolist() == y.tolist()
