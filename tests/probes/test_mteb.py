"""The benchmark's classifier, beside scikit-learn's own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from charz.errors import InputError
from charz.probes import mteb
from charz.records import Draw


def problem(n_classes, scale=1.0):
    rng = np.random.default_rng(7)
    y = np.arange(60) % n_classes
    X = scale * (rng.normal(size=(n_classes, 9))[y] + rng.normal(size=(60, 9)))
    return X, y


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("scale", [0.05, 1.0, 400.0])
def test_it_is_scikit_learns_with_a_hundred_iterations(n_classes, scale):
    X, y = problem(n_classes, scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = LogisticRegression(C=1.0, max_iter=100).fit(X[:40], y[:40])
    (got,) = mteb.predict(X, [Draw(np.arange(40), y[:40])], [X[40:]], n_classes)
    np.testing.assert_allclose(got.probabilities[0], expected.predict_proba(X[40:]), atol=1e-9)
    assert got.cv_probabilities is got.gap is got.chosen is None


def test_stopping_early_is_no_warning():
    X, y = problem(3, 1000.0)
    (early,) = mteb.predict(X, [Draw(np.arange(60), y)], [X], 3, max_iter=1)
    (late,) = mteb.predict(X, [Draw(np.arange(60), y)], [X], 3)
    assert not np.allclose(early.probabilities[0], late.probabilities[0])


@pytest.mark.parametrize("wrong", [{"C": 0.0}, {"C": float("nan")}, {"max_iter": 0}])
def test_parameters_out_of_range_are_refused(wrong):
    X, y = problem(2)
    with pytest.raises(InputError, match="is no fit"):
        mteb.predict(X, [Draw(np.arange(60), y)], [X], 2, **wrong)
