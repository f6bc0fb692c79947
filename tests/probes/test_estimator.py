"""The scikit-learn classifier keeps scikit-learn's contract and finds its optimum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from charz.errors import InputError
from charz.probes import LogisticProbe


@parametrize_with_checks([LogisticProbe(), LogisticProbe(C=1.0, cv=0, scale=False, exact=True)])
def test_it_keeps_scikit_learns_contract(estimator, check):
    check(estimator)


def problem(n_classes, n=120, n_dims=9):
    rng = np.random.default_rng(n_classes)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n_classes, n_dims))[y] + rng.normal(size=(n, n_dims)), y


@pytest.mark.parametrize("n_classes", [2, 5])
def test_its_weights_are_scikit_learns(n_classes):
    X, y = problem(n_classes)
    names = np.array(["a", "b", "c", "d", "e"])[y]
    mine = LogisticProbe(C=3.0, cv=0, scale=False, exact=True).fit(X, names)
    peer = LogisticRegression(C=3.0, solver="newton-cholesky", tol=1e-12).fit(X, names)
    np.testing.assert_allclose(mine.coef_, peer.coef_, atol=1e-6)
    shift = mine.intercept_ - peer.intercept_
    np.testing.assert_allclose(shift - shift.mean() * (n_classes > 2), 0, atol=1e-6)
    np.testing.assert_allclose(mine.predict_proba(X), peer.predict_proba(X), atol=1e-6)
    assert (mine.predict(X) == peer.predict(X)).all()
    assert mine.classes_.tolist() == peer.classes_.tolist()
    assert mine.gap_ <= 1e-14


def test_it_works_in_a_pipeline_and_chooses_c():
    X, y = problem(3)
    scores = cross_val_score(make_pipeline(StandardScaler(), LogisticProbe()), X, y)
    assert scores.mean() > 0.8
    assert LogisticProbe(C=(0.1, 1.0, 10.0)).fit(X, y).C_ in (0.1, 1.0, 10.0)


def test_parameters_out_of_range_are_refused():
    X, y = problem(2)
    for parameters in ({"C": 0.0}, {"C": (1.0, 2.0), "cv": 0}, {"cv": 1}, {"tol": -1.0}):
        with pytest.raises(InputError):
            LogisticProbe(**parameters).fit(X, y)
