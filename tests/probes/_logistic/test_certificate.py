"""The gap is a bound, and margins, losses and precisions are what they say."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from charz.errors import InputError
from charz.probes._logistic import ENGINES, coordinates, folds, solve
from charz.probes._logistic.problem import Problem, probabilities
from charz.probes._logistic.reference.certificate import prove
from charz.probes._logistic.reference.lbfgs import Minimizer, Rows
from charz.probes._logistic.reference.path import loss_for

every_engine = pytest.mark.parametrize("engine", ENGINES)


def problem(seed, n, p, n_classes):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    Z = rng.normal(size=(n_classes, p))[y] + rng.normal(size=(n, p))
    return Z - Z.mean(axis=0), y


def slow_objective(V, Z, y, weights, C, n_classes):
    """Return f by its definition, of one problem, with classes of no row left out."""
    M = Z @ V[:, :-1].T + V[:, -1]
    if n_classes == 2:
        loss = -log_expit(np.where(y == 1, M[:, 0], -M[:, 0]))
    else:
        loss = -log_softmax(M, axis=1)[np.arange(len(y)), y]
    return loss[weights > 0].sum() + (V[:, :-1] ** 2).sum() / (2 * C)


def least(Z, y, weights, C, n_classes, V):
    """Return the minimum of f by Newton's method of SciPy from V."""
    alive = np.isin(np.arange(len(V)), y[weights > 0]) if n_classes > 2 else np.array([True])
    codes = np.cumsum(alive) - 1
    inside = weights > 0
    Z, y = Z[inside], codes[y[inside]] if n_classes > 2 else y[inside]

    def f(flat):
        return slow_objective(flat.reshape(alive.sum(), -1), Z, y, np.ones(len(y)), C, n_classes)

    def gradient(flat):
        W = flat.reshape(alive.sum(), -1)
        M = Z @ W[:, :-1].T + W[:, -1]
        if n_classes == 2:
            R = np.exp(log_expit(M)) - (y == 1)[:, None]
        else:
            R = np.exp(log_softmax(M, axis=1)) - np.eye(alive.sum())[y]
        G = np.hstack([R.T @ Z + W[:, :-1] / C, R.sum(axis=0)[:, None]])
        return G.ravel()

    found = minimize(
        f, V[alive].ravel(), jac=gradient, method="BFGS", options={"gtol": 1e-11, "maxiter": 3000}
    )
    return found.fun


@every_engine
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 5]),
    st.integers(8, 40),
    st.integers(1, 6),
    st.sampled_from([0.01, 1.0, 100.0]),
)
@settings(deadline=None, max_examples=30)
def test_the_gap_bounds_the_distance_to_the_optimum(engine, seed, n_classes, n, p, C):
    Z, y = problem(seed, n, p, n_classes)
    (stage,) = solve(Problem(Z, y, n_classes), [C], 1e-6, engine=engine)
    assert stage.gap <= 1e-6
    everything = np.ones(n)
    f = slow_objective(stage.V, Z, y, everything, C, n_classes)
    best = least(Z, y, everything, C, n_classes, stage.V)
    assert f - best <= (stage.gap + 1e-12) * best + 1e-12


@every_engine
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 5]),
    st.integers(12, 40),
    st.integers(1, 6),
    st.sampled_from([0.01, 1.0, 100.0]),
)
@settings(deadline=None, max_examples=30)
def test_margins_held_out_are_those_of_the_folds_own_optimum(engine, seed, n_classes, n, p, C):
    Z, y = problem(seed, n, p, n_classes)
    fold = folds.assign(y, 3)
    (stage,) = solve(Problem(Z, y, n_classes, fold), [C], 1e-6, engine=engine)
    got = probabilities(np.asarray(stage.held_out, np.float64))
    for part in range(3):
        out = fold == part
        if len(np.unique(y[~out])) < n_classes:
            continue  # scikit-learn would number the classes anew
        peer = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10)
        with warnings.catch_warnings():  # it goes on with another solver, and says so
            warnings.simplefilter("ignore", ConvergenceWarning)
            peer.fit(Z[~out], y[~out])
        # A gap of 1e-5 bounds the weights' distance by sqrt(2 gap f* C).
        V = np.hstack([peer.coef_, peer.intercept_[:, None]])
        f = slow_objective(V, Z[~out], y[~out], np.ones((~out).sum()), C, n_classes)
        reach = np.sqrt(2 * 1e-5 * f * C) * (1 + np.linalg.norm(Z[out], axis=1))
        off = np.abs(got[out] - peer.predict_proba(Z[out])).max(axis=1)
        assert (off <= reach + 1e-5).all()


def gap_of(engine, Z, y, n_classes, C, V):
    """Return weights with settled intercepts and the gap that an engine certifies there."""
    if engine == "numpy":
        minimizer = Minimizer(Rows(Z, np.float64), loss_for(y, n_classes), 1 / C)
        proof = prove(minimizer, V[None], np.ones((1, len(y))))
        return proof.V[0], proof.gaps[0]
    from charz.probes._logistic.compiled.engine import Solver

    V = V[None].copy()
    _, gaps = Solver(Problem(Z, y, n_classes), 1 << 30).prove(np.array([C]), V, 1e-12)
    return V[0], gaps[0]


@every_engine
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 5]),
    st.integers(8, 40),
    st.integers(1, 6),
    st.sampled_from([0.01, 1.0, 100.0]),
    st.sampled_from([1e-3, 0.3]),
)
@settings(deadline=None, max_examples=30)
def test_the_gap_is_a_bound_away_from_the_optimum_too(
    engine, seed, n_classes, n, p, C, disturbance
):
    Z, y = problem(seed, n, p, n_classes)
    (stage,) = solve(Problem(Z, y, n_classes), [C], 1e-6, engine=engine)
    V = stage.V.copy()
    V[:, :-1] += disturbance * np.random.default_rng(seed).normal(size=V[:, :-1].shape)
    V, gap = gap_of(engine, Z, y, n_classes, C, V)
    everything = np.ones(n)
    f = slow_objective(V, Z, y, everything, C, n_classes)
    best = least(Z, y, everything, C, n_classes, stage.V)
    assert f - best <= (gap + 1e-12) * best + 1e-12


@pytest.mark.parametrize("n_classes", [2, 4])
def test_float32_arithmetic_stays_in_float32(n_classes):
    Z, y = problem(0, 40, 6, n_classes)
    loss = loss_for(y, n_classes)
    weights = Problem(Z, y, n_classes, folds.assign(y, 3)).weights.astype(np.float32)
    solver = Minimizer(Rows(Z, np.float32), loss, 0.01)
    V = np.zeros((4, loss.n_margins, 7), dtype=np.float32)
    state = solver.run(solver.state(V, solver.margins(V), weights), np.full(4, 1e-5))
    arrays = (state.V, state.M, state.G, state.metric, state.value.P, state.value.R)
    assert {array.dtype.name for array in arrays} == {"float32"}


@every_engine
@pytest.mark.parametrize("missing", [0, 2])
def test_a_class_missing_from_a_fold_has_no_probability_there(engine, missing):
    Z, y = problem(2, 30, 4, 3)
    fold = np.where(y == missing, 0, 1 + np.arange(30) % 2)
    for stage in solve(Problem(Z, y, 3, fold), (0.1, 1.0, 100.0), 1e-6, engine=engine):
        P = probabilities(np.asarray(stage.held_out, np.float64))
        assert (P[y == missing, missing] == 0).all()
        # A softmax of two classes shares its weights out: a sigmoid at twice the C.
        peer = LogisticRegression(C=2 * stage.C, tol=1e-9).fit(Z[fold != 0], y[fold != 0])
        kept = [k for k in range(3) if k != missing]
        exact = peer.predict_proba(Z[fold == 0])
        np.testing.assert_allclose(P[fold == 0][:, kept], exact, atol=0.02)


@every_engine
@pytest.mark.parametrize("n_classes", [2, 4])
def test_blocks_of_a_small_budget_solve_the_same_problems(engine, n_classes):
    Z, y = problem(3, 60, 9, n_classes)
    whole = Problem(Z, y, n_classes, folds.assign(y, 5))
    Cs = (0.01, 1.0, 100.0, 1000.0)
    together = solve(whole, Cs, 1e-8, engine=engine)
    apart = solve(whole, Cs, 1e-8, budget=1, engine=engine)
    for one, other in zip(together, apart, strict=True):
        assert other.gap <= 1e-8
        P, Q = (probabilities(np.asarray(each.held_out, np.float64)) for each in (one, other))
        # Both end at the floor of float32, a gap of about 1e-7.
        np.testing.assert_allclose(P, Q, atol=5e-3)
        np.testing.assert_allclose(one.V[:, :-1], other.V[:, :-1], atol=1e-2)


@every_engine
def test_a_triangle_is_solved_as_a_full_matrix_is(engine):
    X, y = problem(4, 40, 60, 3)
    where = coordinates.shrink(X)
    answers = [
        solve(Problem(where.Z, y[where.order], 3, None, cut), (1.0,), 1e-12, engine=engine)
        for cut in (False, True)
    ]
    for full, cut in zip(*answers, strict=True):
        np.testing.assert_allclose(full.V[:, :-1], cut.V[:, :-1], atol=1e-5)


@every_engine
def test_an_exact_fit_is_the_optimum_to_the_last_digits(engine):
    Z, y = problem(5, 80, 6, 3)
    (stage,) = solve(Problem(Z, y, 3), (10.0,), 1e-6, exact=True, engine=engine)
    peer = LogisticRegression(C=10.0, solver="newton-cholesky", tol=1e-12).fit(Z, y)
    assert stage.gap <= 1e-15
    np.testing.assert_allclose(stage.V[:, :-1], peer.coef_, atol=1e-6)


def test_an_unknown_engine_is_refused():
    Z, y = problem(0, 10, 2, 2)
    with pytest.raises(InputError, match="no engine"):
        solve(Problem(Z, y, 2), (1.0,), 1e-6, engine="abacus")


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 30))
@settings(deadline=None, max_examples=50)
def test_coordinates_keep_every_inner_product_and_lead_back(seed, n, d):
    rng = np.random.default_rng(seed)
    X, E = rng.normal(size=(n, d)) + 3, rng.normal(size=(5, d))
    X[-1] = X[0]
    pool = coordinates.Pool(np.vstack([E, X]))
    for where in (coordinates.shrink(X), pool._rotate(np.arange(5, n + 5))):
        centered = (where.scale * (X - X.mean(axis=0)))[where.order]
        assert where.scale == pytest.approx((X**2).sum(axis=1).mean() ** -0.5)
        np.testing.assert_allclose(where.Z @ where.Z.T, centered @ centered.T, atol=1e-9)
        if where.is_triangular:
            assert (np.triu(where.Z, 1) == 0).all()
        V = rng.normal(size=(3, where.Z.shape[1] + 1))
        raw = where.raw(V)
        rows = where.Z @ V[:, :-1].T + V[:, -1]
        np.testing.assert_allclose(X[where.order] @ raw[:, :-1].T + raw[:, -1], rows, atol=1e-6)
        if where.Z.any():
            length = where.scale**2 * (V[:, :-1] ** 2).sum()
            np.testing.assert_allclose((raw[:, :-1] ** 2).sum(), length, rtol=1e-6)


def test_mild_penalties_need_no_axes():
    X = np.random.default_rng(1).normal(size=(50, 4)) + 2
    pool, rows = coordinates.Pool(X), np.arange(10, 40)
    square = (X[rows] ** 2).sum(axis=1).mean()
    for where in (pool.coordinates(rows, 1.0), pool.coordinates(rows, 1 / square, is_scaled=False)):
        assert where.axes is None
        np.testing.assert_allclose(where.Z, (X[rows] - X[rows].mean(axis=0)) / np.sqrt(square))
        V = np.arange(10.0).reshape(2, 5)
        raw = where.raw(V)
        margins = where.Z @ V[:, :-1].T + V[:, -1]
        np.testing.assert_allclose(X[rows] @ raw[:, :-1].T + raw[:, -1], margins)
    for weakest, is_scaled in ((100.0, True), (100.0, False), (np.inf, True)):
        assert pool.coordinates(rows, weakest, is_scaled).axes is not None


def test_a_pool_too_large_to_keep_rotated_gives_the_same_coordinates(monkeypatch):
    X = np.random.default_rng(0).normal(size=(50, 4)) + 2
    rows = np.arange(10, 40)
    kept = coordinates.Pool(X).coordinates(rows)
    monkeypatch.setattr(coordinates, "ROTATED", 0)
    np.testing.assert_allclose(coordinates.Pool(X).coordinates(rows).Z, kept.Z, atol=1e-12)


def test_shrunken_coordinates_have_no_more_axes_than_rows_can_span():
    X = np.random.default_rng(0).normal(size=(10, 50))
    assert coordinates.shrink(X).Z.shape == (10, 9)
    assert coordinates.shrink(np.repeat(X[:3], 4, axis=0)).Z.shape == (12, 2)
    assert coordinates.shrink(np.ones((4, 5))).Z.shape == (4, 1)
