"""The gap is a bound, and margins, losses and precisions are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax

from charz.probes._logistic import coordinates, folds, path
from charz.probes._logistic.certificate import prove
from charz.probes._logistic.lbfgs import Minimizer, Rows


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


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 5]),
    st.integers(8, 40),
    st.integers(1, 6),
    st.sampled_from([0.01, 1.0, 100.0]),
    st.sampled_from([0.0, 1e-3, 0.3]),
)
@settings(deadline=None, max_examples=40)
def test_the_gap_bounds_the_distance_to_the_optimum(seed, n_classes, n, p, C, disturbance):
    Z, y = problem(seed, n, p, n_classes)
    loss = path.loss_for(y, n_classes)
    weights = path.row_weights(folds.assign(y, 3), n)
    (stage,) = path.solve(Z, loss, weights, [C])
    assert stage.gaps[0] <= 1e-6
    assert (stage.gaps <= 1e-5).all()
    rng = np.random.default_rng(seed)
    V = stage.V.copy()
    V[:, :, :-1] += disturbance * rng.normal(size=V[:, :, :-1].shape)
    proof = prove(Minimizer(Rows(Z, np.float64), loss, 1 / C), V, weights)
    for q in range(len(weights)):
        f = slow_objective(proof.V[q], Z, y, weights[q], C, n_classes)
        best = least(Z, y, weights[q], C, n_classes, stage.V[q])
        assert f - best <= (proof.gaps[q] + 1e-12) * best + 1e-12


@pytest.mark.parametrize("n_classes", [2, 4])
def test_float32_arithmetic_stays_in_float32(n_classes):
    Z, y = problem(0, 40, 6, n_classes)
    loss = path.loss_for(y, n_classes)
    weights = path.row_weights(folds.assign(y, 3), 40).astype(np.float32)
    solver = Minimizer(Rows(Z, np.float32), loss, 0.01)
    V = np.zeros((4, loss.n_margins, 7), dtype=np.float32)
    state = solver.run(solver.state(V, solver.margins(V), weights), np.full(4, 1e-5))
    arrays = (state.V, state.M, state.G, state.metric, state.value.P, state.value.R)
    assert {array.dtype.name for array in arrays} == {"float32"}


def test_margins_carried_along_are_those_of_the_solution():
    Z, y = problem(1, 50, 5, 3)
    loss = path.loss_for(y, 3)
    weights = path.row_weights(folds.assign(y, 4), 50)
    for stage in path.solve(Z, loss, weights, (0.1, 10.0, 1000.0)):
        M = np.einsum("qkp,np->qkn", stage.V[:, :, :-1], Z) + stage.V[:, :, -1:]
        np.testing.assert_allclose(stage.M, M, atol=1e-9)


def test_a_class_without_rows_has_no_weight_and_no_probability():
    Z, y = problem(2, 30, 4, 3)
    loss = path.loss_for(y, 3)
    weights = np.stack([np.ones(30), (y != 2).astype(float)])
    (stage,) = path.solve(Z, loss, weights, (1.0,))
    P = loss.probabilities(stage.M[1].T)
    assert (P[:, 2] == 0).all()
    assert (stage.V[1, 2, :-1] == 0).all()
    np.testing.assert_allclose(stage.V[1, 0, :-1], -stage.V[1, 1, :-1], atol=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 30))
@settings(deadline=None, max_examples=50)
def test_coordinates_keep_every_inner_product_and_lead_back(seed, n, d):
    rng = np.random.default_rng(seed)
    X, E = rng.normal(size=(n, d)) + 3, rng.normal(size=(5, d))
    X[-1] = X[0]
    centered = 0.5 * (X - X.mean(axis=0))
    for where in (coordinates.shrink(X, 0.5), coordinates.rotate(X, coordinates.pool_axes(X), 0.5)):
        np.testing.assert_allclose(where.Z @ where.Z.T, centered @ centered.T, atol=1e-9)
        V = rng.normal(size=(3, where.Z.shape[1] + 1))
        rows = where.Z @ V[:, :-1].T + V[:, -1]
        np.testing.assert_allclose(where.margins(V, X), rows, atol=1e-6)
        weights = V[:, :-1] @ where.axes.T
        np.testing.assert_allclose((weights**2).sum(), (V[:, :-1] ** 2).sum(), rtol=1e-6)
        assert where.margins(V, E).shape == (5, 3)


def test_shrunken_coordinates_have_no_more_axes_than_rows_can_span():
    X = np.random.default_rng(0).normal(size=(10, 50))
    assert coordinates.shrink(X, 1.0).Z.shape == (10, 9)
