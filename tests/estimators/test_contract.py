"""What holds for every estimator on the shelf."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import metrics, shelf
from charz.sample import Sample

ESTIMATORS = shelf.items("estimators")
CALIBRATED = [
    "aline", "atc", "atc_margin", "ac_scaled", "bbse", "cbpe", "cbpe_weighted", "cott", "cv",
    "cv_corrected", "cv_smoothed", "doc", "doc_weighted", "heads_vote", "im", "iw_cv",
]  # fmt: skip
BY_LABELS = [
    "ac_scaled", "bbse", "cbpe", "cbpe_weighted", "cv", "cv_corrected", "cv_smoothed", "doc",
    "doc_weighted", "heads_vote", "iw_cv",
]  # fmt: skip
"""What knows from the labels that they have no meaning."""
AWARE = [
    "ac", "ac_scaled", "agreement", "aline", "atc", "atc_margin", "cbpe", "cbpe_weighted", "cot",
    "cott", "doc", "doc_weighted", "gde", "heads_vote", "im",
]  # fmt: skip
"""What sees that eval rows are harder."""
CLAIMS = {"rows", "rotation", "shift", "scale", "labels"}

every = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def gaussians(
    seed: int, n: int, m: int, k: int = 2, d: int = 4, apart: float = 2.0
) -> tuple[Sample, np.ndarray]:
    """Return a sample of ``k`` Gaussians around the axes, and the eval labels it hides."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n + m)
    y[:k] = np.arange(k)
    X = rng.normal(size=(n + m, d)) + apart * np.eye(k, d)[y]
    return Sample(X[:n], y[:n], X[n:], n_classes=k), y[n:]


def accuracy(sample: Sample, y_eval: np.ndarray) -> float:
    return metrics.accuracy(sample.head.probabilities[0], y_eval)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """Draw small samples: ties, duplicates, absent classes, n < d and n > d, d = 1."""
    n, m, d, k = (draw(st.integers(1, high)) for high in (9, 6, 6, 4))
    elements = draw(st.sampled_from([st.integers(-2, 2), st.floats(-3, 3, width=32), st.just(0.1)]))
    rows = st.lists(elements, min_size=d, max_size=d)
    X = draw(st.lists(rows, min_size=n, max_size=n))
    Z = draw(st.lists(rows, min_size=m, max_size=m))
    y = draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    return Sample(np.array(X, float), np.array(y), np.array(Z, float), n_classes=k)


@every
def test_facts_are_declared(estimator: ModuleType) -> None:
    assert isinstance(estimator.INVARIANT, frozenset)
    assert estimator.INVARIANT <= CLAIMS
    for word in ("Formula:", "Source:", "Cost:"):
        assert word in str(estimator.__doc__), word


@every
@given(sample=samples())
@settings(deadline=None, max_examples=30)
def test_any_sample_gives_a_share_or_nan(estimator: ModuleType, sample: Sample) -> None:
    value = estimator.estimate(sample)
    assert type(value) is float
    assert math.isnan(value) or 0 <= value <= 1


@every
def test_one_class_is_undefined(estimator: ModuleType) -> None:
    assert math.isnan(estimator.estimate(Sample(np.eye(3), [1, 1, 1], np.eye(3), n_classes=2)))


@every
def test_the_same_sample_gives_the_same_number(estimator: ModuleType) -> None:
    values = {estimator.estimate(gaussians(3, 50, 40, k=3)[0]) for _ in range(2)}
    assert len(values) == 1


@every
def test_eval_rows_in_another_order_change_nothing(estimator: ModuleType) -> None:
    sample, _ = gaussians(4, 60, 80, k=3)
    turned = Sample(sample.X_train, sample.y_train, sample.X_eval[::-1], n_classes=3)
    assert estimator.estimate(turned) == pytest.approx(estimator.estimate(sample), abs=1e-9)


@every
def test_of_several_samples_each_has_its_own_number(estimator: ModuleType) -> None:
    sample, _ = gaussians(5, 50, 40, k=3)
    evals = [sample.X_eval, sample.X_eval[::2] + 0.7, sample.X_eval * 0.2]
    alone = [estimator.estimate(Sample(sample.X_train, sample.y_train, Z)) for Z in evals]
    several = Sample.several(sample.X_train, sample.y_train, evals, 3)
    assert [estimator.estimate(each) for each in several] == pytest.approx(alone, abs=1e-9)


@every
def test_in_one_domain_estimates_come_near_the_truth(estimator: ModuleType) -> None:
    errors = []
    for seed in range(6):
        sample, y_eval = gaussians(seed, 400, 400)
        errors.append(estimator.estimate(sample) - accuracy(sample, y_eval))
    # Agreements and raw confidence are biased; none is wild when data are plenty.
    assert abs(np.mean(errors)) < 0.13


@pytest.mark.parametrize("name", [*CALIBRATED, "ac", "cot"])
def test_calibrated_estimates_are_close(name: str) -> None:
    errors = []
    for seed in range(8):
        sample, y_eval = gaussians(seed, 500, 500, k=3)
        errors.append(ESTIMATORS[name].estimate(sample) - accuracy(sample, y_eval))
    assert abs(np.mean(errors)) < 0.03
    assert np.mean(np.abs(errors)) < 0.05


@pytest.mark.parametrize("name", BY_LABELS)
def test_labels_without_meaning_predict_chance(name: str) -> None:
    rng = np.random.default_rng(0)
    values = []
    for _ in range(10):
        X, y = rng.normal(size=(200, 5)), rng.permutation(np.repeat([0, 1], 100))
        values.append(ESTIMATORS[name].estimate(Sample(X, y, rng.normal(size=(100, 5)))))
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("name", AWARE)
def test_harder_eval_rows_lower_the_estimate(name: str) -> None:
    falls = []
    for seed in range(4):
        sample, _ = gaussians(seed, 300, 300, apart=2.5)
        middle = sample.X_train.mean(axis=0)
        hard = Sample(sample.X_train, sample.y_train, middle + 0.3 * (sample.X_eval - middle))
        falls.append(ESTIMATORS[name].estimate(sample) - ESTIMATORS[name].estimate(hard))
    assert np.mean(falls) > 0.01
