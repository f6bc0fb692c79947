"""Each compiled piece against the plain formula it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.special import log_softmax, logsumexp

from charz.probes._logistic.compiled import losses, metric, tiles
from charz.probes._logistic.compiled.machine import exp, log

FLOATS = [np.float32, np.float64]
every_float = pytest.mark.parametrize("floats", FLOATS)


@njit
def exp_of(x, out):
    for i in range(len(x)):
        out[i] = exp(x[i])


@njit
def log_of(x, out):
    for i in range(len(x)):
        out[i] = log(x[i])


@every_float
def test_exp_and_log_are_those_of_numpy(floats):
    rng = np.random.default_rng(0)
    x = np.concatenate([-(10.0 ** rng.uniform(-9, 1.9, 5000)), [0.0, -1e-30]]).astype(floats)
    out = np.empty_like(x)
    exp_of(x, out)
    np.testing.assert_allclose(out, np.exp(x.astype(np.float64)), rtol=4 * np.finfo(floats).eps)
    far = np.array([-1e4, -1e30, -3e38], floats)
    exp_of(far, out[:3])
    assert (out[:3] == 0).all()
    x = (10.0 ** rng.uniform(-6, 6, 5000)).astype(floats)
    out = np.empty_like(x)
    log_of(x, out)
    bound = 4 * np.finfo(floats).eps
    np.testing.assert_allclose(out, np.log(x.astype(np.float64)), rtol=bound, atol=bound)


def packed(Z, floats):
    n, p = Z.shape
    side = tiles.width(floats)
    forth = np.zeros((-(-n // side), p, side), floats)
    back = np.zeros((-(-p // side), n, side), floats)
    tiles.lay_out(Z.astype(np.float64), np.empty((n, p), floats), forth, back)
    return forth, back


@every_float
@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 5, 6, 7, 12, 17])
@pytest.mark.parametrize(("n", "p"), [(1, 1), (16, 8), (37, 21), (5, 70)])
def test_products_of_panels_are_those_of_numpy(floats, n_rows, n, p):
    rng = np.random.default_rng(n + p)
    Z = rng.normal(size=(n, p))
    A, R = rng.normal(size=(n_rows + 2, p)), rng.normal(size=(n_rows + 2, n))
    for left, panels, right in zip((A, R), packed(Z, floats), (Z.T, Z), strict=True):
        out = np.full((n_rows + 2, panels.shape[0] * panels.shape[2]), 7, floats)
        ends = np.full(len(panels), panels.shape[1])
        tiles.product(
            left.astype(floats), n_rows, panels, np.zeros(len(panels), np.int64), ends, out
        )
        bound = 40 * np.finfo(floats).eps * np.sqrt(panels.shape[1])
        np.testing.assert_allclose(
            out[:n_rows, : right.shape[1]], left[:n_rows] @ right, atol=bound
        )
        assert (out[:n_rows, right.shape[1] :] == 0).all()
        assert (out[n_rows:] == 7).all()


@every_float
def test_zeros_of_a_triangle_need_not_be_multiplied(floats):
    rng = np.random.default_rng(0)
    n = p = 50
    Z, A = np.tril(rng.normal(size=(n, p))), rng.normal(size=(7, p)).astype(floats)
    forth, _ = packed(Z, floats)
    side = tiles.width(floats)
    out = np.empty((7, len(forth) * side), floats)
    ends = np.minimum(p, (np.arange(len(forth)) + 1) * side)
    tiles.product(A, 7, forth, np.zeros(len(forth), np.int64), ends, out)
    np.testing.assert_allclose(out[:, :n], A @ Z.T, atol=1e-4 if floats == np.float32 else 1e-12)


def slow_loss(M, owner, w):
    """Return losses and residuals by their definition, one sigmoid or a softmax."""
    if len(M) == 1:
        M = np.vstack([np.zeros_like(M), M])
        owner = owner + 1
    rows = -log_softmax(M, axis=0)[owner, np.arange(len(owner))]
    R = w * (np.exp(M - logsumexp(M, axis=0)) - np.eye(len(M))[owner].T)
    return (w * rows).sum(), R[-1:] if len(M) == 2 else R


@every_float
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 3, 11]),
    st.sampled_from([1, 63, 64, 150]),
    st.sampled_from([0.0, 0.7]),
    st.sampled_from([0.1, 30.0]),
)
@settings(deadline=None, max_examples=40)
def test_losses_slopes_and_residuals_follow_their_formulas(floats, seed, K, n, t, size):
    rng = np.random.default_rng(seed)
    M, D = (size * rng.normal(size=(2, K, n))).astype(floats)
    owner = rng.integers(0, K, n) if K > 1 else rng.integers(-1, 1, n)
    w = rng.integers(0, 2, n).astype(floats)
    R = np.empty_like(M)
    got = losses.measure(M, D, floats(t), owner, w, R, np.empty((2, losses.BLOCK), floats))
    at = M.astype(np.float64) + t * D.astype(np.float64)
    loss, residuals = slow_loss(at, owner, w.astype(np.float64))
    bound = (1e-5 if floats == np.float32 else 1e-12) * (1 + size)
    np.testing.assert_allclose(R, residuals, atol=bound)
    assert got[0] == pytest.approx(loss, rel=bound, abs=bound)
    slope = (residuals * D).sum()
    assert got[1] == pytest.approx(slope, abs=bound * (1 + float(np.abs(D).sum())))


@pytest.mark.parametrize("K", [1, 4])
@pytest.mark.parametrize("n", [5, 16, 90])
def test_the_sharp_metric_is_the_inverse_of_the_hessian_it_stands_for(K, n):
    rng = np.random.default_rng(n)
    p, lam = 7, 0.3
    Z = rng.normal(size=(n, p))
    owner = rng.integers(0, K, n) if K > 1 else rng.integers(-1, 1, n)
    w = np.ones(n)
    M = 3 * rng.normal(size=(K, n))
    R = np.empty_like(M)
    losses.measure(M, M, 0.0, owner, w, R, np.empty((2, losses.BLOCK)))
    inverse, B = np.empty((K, 16)), np.empty((K, 16, 16))
    moments = (Z**2).sum(axis=0)
    metric.sharpen(R, owner, w, Z, moments, lam, np.zeros(K, bool), inverse, B)
    for k in range(K):
        P = R[k] + (owner == k)
        d = np.sort(P * (1 - P))[::-1]
        order = np.argsort(P * (1 - P))[::-1][:16]
        c = max(d[16:].sum(), metric.REST * d.sum()) / n
        Z1 = np.hstack([Z, np.ones((n, 1))])[order]
        H = np.diag([*(lam + c * moments), c * n]) + (Z1.T * d[:16]) @ Z1
        got = np.diag(inverse[k]) - B[k].T @ B[k]
        np.testing.assert_allclose(got[: p + 1, : p + 1] @ H, np.eye(p + 1), atol=1e-8)
        assert not got[p + 1 :].any()
