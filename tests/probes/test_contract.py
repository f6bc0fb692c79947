"""What every probe on the shelf promises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from charz import shelf
from charz.errors import InputError
from charz.records import Draw

PROBES = [name for name in shelf.names("probes") if hasattr(shelf.load("probes", name), "predict")]
"""Those that take vectors; `test_fine_tune` has the same promises of those that take texts."""


def problem(seed=0, n_pool=120, n_dims=12, n_classes=4):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_classes, n_dims))
    y = rng.integers(0, n_classes, size=n_pool)
    return centers[y] + rng.normal(size=(n_pool, n_dims)), y


def answers(name, X, draws, evals, n_classes, **parameters):
    return list(shelf.load("probes", name).predict(X, draws, evals, n_classes, **parameters))


def same(a, b):
    pairs = zip(a.probabilities, b.probabilities, strict=True)
    cv = (a.cv_probabilities is None) == (b.cv_probabilities is None)
    if cv and a.cv_probabilities is not None:
        cv = np.array_equal(a.cv_probabilities, b.cv_probabilities)
    return cv and all(np.array_equal(p, q) for p, q in pairs) and a.chosen == b.chosen


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize(("n", "n_dims"), [(5, 12), (40, 12), (40, 60), (100, 3)])
def test_answers_are_finite_probabilities_of_the_right_shape(name, n, n_dims):
    X, y = problem(n_dims=n_dims)
    rows = np.random.default_rng(1).permutation(len(X))[:n]
    (got,) = answers(name, X, [Draw(rows, y[rows])], [X[:7], X[7:8]], 4)
    assert [P.shape for P in got.probabilities] == [(7, 4), (1, 4)]
    held = [] if got.cv_probabilities is None else [got.cv_probabilities]
    assert all(P.shape == (n, 4) for P in held)
    for P in [*got.probabilities, *held]:
        assert P.dtype == np.float64
        assert np.isfinite(P).all()
        assert (P >= 0).all()
        np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-12)
    assert got.seconds >= 0


@pytest.mark.parametrize("name", PROBES)
def test_an_answer_does_not_depend_on_its_company(name):
    X, y = problem(n_dims=33)
    order = np.random.default_rng(2).permutation(len(X))
    draws = [Draw(order, y[order]).head(n) for n in (9, 30, 64, 120)]
    evals = [X[:50], X[50:61]]
    together = answers(name, X, draws, evals, 4)
    for draw, got in zip(draws, together, strict=True):
        (alone,) = answers(name, X, [draw], evals[1:], 4)
        again = answers(name, X, [draws[0], draw], evals[::-1], 4)[1]
        assert np.array_equal(alone.probabilities[0], got.probabilities[1])
        assert same(again, type(got)(got.probabilities[::-1], got.cv_probabilities, got.chosen))


@pytest.mark.parametrize("name", PROBES)
def test_two_runs_give_the_same_bits(name):
    X, y = problem(n_dims=40)
    draws = [Draw(np.arange(60), y[:60])]
    assert same(*(answers(name, X, draws, [X], 4)[0] for _ in range(2)))


@pytest.mark.parametrize("name", PROBES)
def test_a_draw_of_one_class_is_sure_of_it(name):
    X, _ = problem()
    draws = [Draw(np.arange(3), np.full(3, 2)), Draw(np.array([5]), np.array([0]))]
    for code, got in zip((2, 0), answers(name, X, draws, [X], 4), strict=True):
        assert (got.probabilities[0] == np.eye(4)[code]).all()


@pytest.mark.parametrize("name", PROBES)
def test_absent_classes_have_no_probability(name):
    X, y = problem()
    rows = np.flatnonzero((y == 0) | (y == 2))
    (got,) = answers(name, X, [Draw(rows, y[rows])], [X], 5)
    assert (got.probabilities[0][:, [1, 3, 4]] == 0).all()
    if got.cv_probabilities is not None:
        assert (got.cv_probabilities[:, [1, 3, 4]] == 0).all()


@pytest.mark.parametrize("name", PROBES)
def test_one_row_per_class_is_enough(name):
    X, _ = problem()
    for n_classes in (2, 6):
        draw = Draw(np.arange(n_classes), np.arange(n_classes))
        (got,) = answers(name, X, [draw], [X], n_classes)
        np.testing.assert_allclose(got.probabilities[0].sum(axis=1), 1)


@pytest.mark.parametrize("name", PROBES)
def test_labels_come_from_the_draw(name):
    X, y = problem()
    rows = np.arange(80)
    noisy = (y[rows] + 1) % 4
    (plain,) = answers(name, X, [Draw(rows, y[rows])], [X], 4)
    (turned,) = answers(name, X, [Draw(rows, noisy)], [X], 4)
    relabelled = np.roll(plain.probabilities[0], 1, axis=1)
    np.testing.assert_allclose(turned.probabilities[0], relabelled, atol=1e-2)
    assert np.abs(turned.probabilities[0] - plain.probabilities[0]).max() > 0.05


@pytest.mark.parametrize("name", PROBES)
def test_degenerate_rows_do_no_harm(name):
    y = np.array([0, 1, 2] * 4)
    duplicates = np.repeat(np.eye(3), 4, axis=0)
    for X in (np.zeros((12, 5)), np.full((12, 5), 7.0), duplicates, 1e6 + np.eye(12)):
        (got,) = answers(name, X, [Draw(np.arange(12), y)], [X], 3)
        assert np.isfinite(got.probabilities[0]).all()
        np.testing.assert_allclose(got.probabilities[0].sum(axis=1), 1)


@pytest.mark.parametrize("name", PROBES)
def test_float32_pools_are_taken_as_they_are(name):
    X, y = problem()
    draws = [Draw(np.arange(50), y[:50])]
    single = X.astype(np.float32)
    (got,) = answers(name, single, draws, [single], 4)
    (exact,) = answers(name, single.astype(np.float64), draws, [single], 4)
    assert same(got, exact)


@pytest.mark.parametrize("name", sorted(set(PROBES) - {"mteb"}))  # which takes rows as they are
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_of_the_space_does_not_matter(name, scale):
    X, y = problem()
    draws = [Draw(np.arange(50), y[:50])]
    (plain,) = answers(name, X, draws, [X], 4)
    (scaled,) = answers(name, X * scale, draws, [X * scale], 4)
    np.testing.assert_allclose(scaled.probabilities[0], plain.probabilities[0], atol=1e-6)


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize(
    ("X", "draw", "evals"),
    [
        (np.ones((3, 2)), Draw(np.array([0, 3]), np.array([0, 1])), [np.ones((1, 2))]),
        (np.ones((3, 2)), Draw(np.array([0, 1]), np.array([0, 4])), [np.ones((1, 2))]),
        (np.ones((3, 2)), Draw(np.array([0, 1]), np.array([0])), [np.ones((1, 2))]),
        (np.ones((3, 2)), Draw(np.array([], int), np.array([], int)), [np.ones((1, 2))]),
        (np.ones((3, 2)), Draw(np.array([0, 1]), np.array([0, 1])), [np.ones((1, 3))]),
        (np.full((3, 2), np.nan), Draw(np.array([0, 1]), np.array([0, 1])), [np.ones((1, 2))]),
        (np.ones((3, 2)), Draw(np.array([0, 1]), np.array([0, 1])), [np.full((1, 2), np.inf)]),
    ],
)
def test_what_does_not_fit_is_refused(name, X, draw, evals):
    with pytest.raises(InputError):
        answers(name, X, [draw], evals, 2)


@pytest.mark.parametrize("name", PROBES)
def test_defaults_are_written_down(name):
    X, y = problem()
    probe = shelf.load("probes", name)
    draws = [Draw(np.arange(50), y[:50])]
    (plain,) = answers(name, X, draws, [X], 4)
    (spelled,) = answers(name, X, draws, [X], 4, **probe.PARAMETERS)
    assert same(plain, spelled)


@pytest.mark.parametrize("name", sorted(set(PROBES) - {"majority"}))
def test_more_rows_of_a_learnable_task_help(name):
    X, y = problem(n_pool=700, n_dims=8)
    draws = [Draw(np.arange(n), y[:n]) for n in (8, 80, 500)]
    got = answers(name, X, draws, [X[500:]], 4)
    scores = [(answer.probabilities[0].argmax(axis=1) == y[500:]).mean() for answer in got]
    assert all(after > before - 0.02 for before, after in pairwise(scores))
    assert scores[-1] > 0.75
