"""The vote is the mean that SciPy's optimiser finds, over what its members answer by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from charz import shelf
from charz.errors import CharzError, InputError
from charz.probes import vote
from charz.records import Draw, Prediction

seeds = st.integers(0, 2**32 - 1)
FEW = ["ridge", "centroid", "lda"]


def problem(n=60, n_classes=3, n_dims=5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n)])[:n]
    return rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)), y


def one(name, X, y, E, **parameters):
    draw = Draw(np.arange(len(y)), y)
    (answer,) = shelf.load("probes", name).predict(X, [draw], [E], int(y.max()) + 1, **parameters)
    return answer


def objective(w, told, prior):
    P = np.maximum(told, vote.LEAST)
    return np.log(w @ P).sum() + (prior * np.log(w).sum() if prior else 0.0)


def best_weights(told, prior):
    """Return SciPy's maximum over the simplex, through logits of all members but the last."""

    def loss(logits):
        full = np.append(logits, 0.0)
        w = np.exp(full - full.max())
        return -objective(w / w.sum(), told, prior)

    logits = np.append(minimize(loss, np.zeros(len(told) - 1), tol=1e-12).x, 0.0)
    w = np.exp(logits - logits.max())
    return w / w.sum()


@given(seeds, st.integers(2, 6), st.sampled_from([4, 16, 200]), st.sampled_from([0.5, 1.0, 4.0]))
@settings(deadline=None, max_examples=40)
def test_weights_are_the_maximum_that_scipy_finds(seed, n_members, n, prior):
    told = np.random.default_rng(seed).beta(0.5, 0.5, (n_members, n))
    w, expected = vote.weights(told, prior), best_weights(told, prior)
    assert w.sum() == pytest.approx(1)
    np.testing.assert_allclose(w, expected, atol=1e-4)
    assert objective(w, told, prior) >= objective(expected, told, prior) - 1e-8


@given(seeds, st.integers(2, 5))
@settings(deadline=None, max_examples=25)
def test_without_a_prior_no_member_does_better_than_the_vote(seed, n_members):
    told = np.random.default_rng(seed).uniform(0.05, 1, (n_members, 30))
    w = vote.weights(told, 0.0)
    assert np.log(w @ told).sum() >= np.log(told).sum(axis=1).max() - 1e-6


def test_few_rows_leave_weights_even_and_many_do_not():
    told = np.array([[0.9], [0.5], [0.5]])
    even, sure = (vote.weights(np.repeat(told, n, axis=1)) for n in (1, 2000))
    assert np.abs(even - 1 / 3).max() < 0.1
    assert sure[0] > 0.99
    assert np.allclose(vote.weights(np.zeros((4, 5))), 0.25)


def test_the_vote_is_the_mean_of_what_its_members_say_by_themselves():
    (X, y), (E, _) = problem(), problem(seed=1)
    answers = [one(name, X, y, E) for name in FEW]
    told = np.array([each.cv_probabilities[np.arange(60), y] for each in answers])
    w = best_weights(told, 1.0)
    got = one("vote", X, y, E, members=FEW)
    for own, parts in (
        (got.probabilities[0], [each.probabilities[0] for each in answers]),
        (got.cv_probabilities, [each.cv_probabilities for each in answers]),
    ):
        expected = sum(share * part for share, part in zip(w, parts, strict=True))
        np.testing.assert_allclose(own, expected, atol=1e-4)
    assert vote.setting(got.chosen, FEW) == {"led_by": FEW[int(w.argmax())]}


def test_a_member_that_is_sure_and_wrong_is_outvoted():
    right, y = np.full((40, 2), [0.8, 0.2]), np.zeros(40, int)
    wrong = np.full((40, 2), [0.0, 1.0])
    answers = [Prediction([P[:3]], P, seconds=2.0) for P in (right, wrong)]
    got = vote.of_answers(answers, y)
    assert got.chosen == 0
    assert (got.probabilities[0].argmax(axis=1) == 0).all()
    assert got.seconds >= 4
    with pytest.raises(InputError, match="cross-validated"):
        vote.of_answers([Prediction([right])], y)


@pytest.mark.parametrize(
    "wrong",
    [
        {"members": []}, {"members": ["vote"]}, {"members": ["fine_tune"]}, {"members": ["?"]},
        {"prior": -1.0}, {"prior": np.inf}, {"prior": np.nan}, {"members": ["mteb"]},
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(wrong):
    X, y = problem(12)
    with pytest.raises(CharzError):
        one("vote", X, y, X, **({"members": FEW} | wrong))
