"""The metamodels inside the package answer without a registry, and say what they have seen."""

from __future__ import annotations

import numpy as np
import pytest

import charz
from charz.steps import _features, fit, predict


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    y = np.array(["yes", "no"])[np.arange(240) % 2]
    X = rng.normal(size=(240, 12)) + 0.8 * (y == "yes")[:, None]
    return X[:80], y[:80], X[80:], y[80:]


@pytest.mark.parametrize("metric", fit.METRICS)
def test_what_it_learned_from_can_be_computed(metric):
    shipped = predict.packaged(metric)
    known = {row["name"] for row in _features.catalogue()} | {"n_target"}
    assert set(shipped.features) <= known
    assert shipped.metric == metric


@pytest.mark.parametrize("metric", fit.METRICS)
def test_the_quickstarts_question_is_new_to_it(metric):
    shipped = predict.packaged(metric)
    assert not {"bbc_news", "drug_reviews"} & set(shipped.groups)
    assert "wordllama-l2-supercat" not in shipped.lineages
    assert len(shipped.groups) > 20


@pytest.mark.parametrize("metric", fit.METRICS)
def test_it_answers_from_arrays_alone(task, metric):
    told = charz.predict_performance(*task[:3], metric=metric)
    assert 0 <= told.low < told.value < told.high
    assert {"constant", "cv"} <= set(told.baselines)
    assert 0 < told.support <= 1


def test_permuted_labels_predict_about_chance(task):
    rng = np.random.default_rng(1)
    real = charz.predict_performance(*task[:3]).value
    mixed = charz.predict_performance(task[0], rng.permutation(task[1]), task[2])
    assert mixed.value < real - 0.15
    assert mixed.low < 0.5 < mixed.high


def test_neither_the_order_of_rows_nor_a_turn_of_the_space_moves_it(task):
    """By less than a tenth of a point."""
    X, y, X_eval = task[:3]
    plain = charz.predict_performance(X, y, X_eval).value
    rng = np.random.default_rng(2)
    for _ in range(3):
        order, other = rng.permutation(len(X)), rng.permutation(len(X_eval))
        turn, _ = np.linalg.qr(rng.normal(size=(12, 12)))
        moved = charz.predict_performance(X[order], y[order], X_eval[other]).value
        assert moved == pytest.approx(plain, abs=1e-3)
        turned = charz.predict_performance(X @ turn, y, X_eval @ turn).value
        assert turned == pytest.approx(plain, abs=1e-3)


def test_eval_rows_from_elsewhere_lower_support_and_widen_the_interval(task):
    """As if the eval rows were of another language: they lie apart from all labelled ones."""
    X, y, X_eval = task[:3]
    here = charz.predict_performance(X, y, X_eval)
    rng = np.random.default_rng(3)
    away = charz.predict_performance(X, y, 0.3 * rng.normal(size=X_eval.shape) + 6)
    assert away.support < 0.1 < here.support
    assert away.high - away.low > 1.3 * (here.high - here.low)
