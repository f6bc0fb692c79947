"""Laws that every feature on the shelf obeys."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.sample import Sample

FEATURES = shelf.items("features")
CLAIMS = {"rows", "rotation", "shift", "scale", "labels"}

every = pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)


def values(feature, sample):
    """Return the feature's numbers by output name."""
    answer = feature.compute(sample)
    return answer if isinstance(answer, dict) else {"": answer}


def draw(seed, n=30, m=25, d=6, k=3, kind="gaussian"):
    """Return X_train, y_train, X_eval of one kind of data."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    X, Z = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.3
    X += np.eye(k, d)[y] * 2
    if kind == "grid":  # many ties and duplicates
        X, Z = np.round(X).clip(-1, 1), np.round(Z).clip(-1, 1)
    if kind == "constant":
        X, Z = np.full((n, d), 0.1), np.full((m, d), 0.1)
    if kind == "offset":
        X, Z = X + 5, Z + 5
    return X, y, Z


@st.composite
def samples(draw_):
    """Draw small samples: ties, duplicates, absent classes, n < d and n > d, d = 1."""
    n, m, d, k = (draw_(st.integers(1, high)) for high in (9, 6, 8, 4))
    elements = draw_(
        st.sampled_from([st.integers(-2, 2), st.floats(-3, 3, width=32), st.just(0.1)])
    )
    rows = st.lists(elements, min_size=d, max_size=d)
    X = draw_(st.lists(rows, min_size=n, max_size=n))
    Z = draw_(st.lists(rows, min_size=m, max_size=m))
    y = draw_(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    return Sample(np.array(X, float), np.array(y), np.array(Z, float), n_classes=k)


def check(feature, sample):
    low, high = feature.RANGE
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numbers = values(feature, sample)
    assert set(numbers) == set(getattr(feature, "OUTPUTS", ("",)))
    for name, value in numbers.items():
        assert type(value) is float, name
        assert math.isnan(value) or (math.isfinite(value) and low <= value <= high), (name, value)


@every
def test_facts_are_declared(feature):
    low, high = feature.RANGE
    assert low < high
    assert isinstance(feature.INVARIANT, frozenset)
    assert feature.INVARIANT <= CLAIMS
    for word in ("Formula:", "Cost:"):
        assert word in feature.__doc__, word


@every
@given(sample=samples())
@settings(deadline=None, max_examples=40)
def test_any_sample_gives_values_in_range_or_nan(feature, sample):
    check(feature, sample)


TINY = {
    "one row": ([[1.0, 2.0]], [0], [[1.0, 2.0]], 2),
    "two rows": ([[1.0, 2.0], [0.0, 1.0]], [0, 1], [[1.0, 2.0]], 2),
    "two rows, one class": ([[1.0, 2.0], [0.0, 1.0]], [1, 1], [[1.0, 2.0], [3.0, 1.0]], 2),
    "four rows, four classes": (np.eye(4), [0, 1, 2, 3], np.eye(4), 4),
    "one class of one": (np.eye(3), [0, 0, 0], np.eye(3), 1),
    "constant": (np.full((6, 3), 0.1), [0, 1, 0, 1, 0, 1], np.full((4, 3), 0.1), 2),
    "zero": (np.zeros((6, 3)), [0, 1, 0, 1, 0, 1], np.zeros((4, 3)), 2),
    "constant but eval": (np.full((6, 3), 0.1), [0, 1, 0, 1, 0, 1], np.eye(3), 2),
    "duplicates": (np.repeat(np.eye(3), 4, axis=0), np.arange(12) % 3, np.eye(3), 3),
    "constant columns": (np.eye(8, 5) * [1, 0, 0, 0, 0] + 0.7, [0, 1] * 4, np.ones((3, 5)), 2),
    "one dimension": (np.arange(9.0)[:, None], np.arange(9) % 3, np.ones((5, 1)), 3),
    "more dimensions than rows": (np.eye(6, 40), [0, 0, 1, 1, 2, 2], np.eye(4, 40), 5),
    "tiny numbers": (np.eye(5) * 1e-12, [0, 1, 0, 1, 1], np.eye(5) * 1e-12, 2),
    "huge numbers": (np.eye(5) * 1e12, [0, 1, 0, 1, 1], np.eye(5) * 1e12, 2),
    "separable": (np.arange(8.0)[:, None] // 4 * 100, [0] * 4 + [1] * 4, np.ones((5, 1)), 2),
}  # fmt: skip


@every
@pytest.mark.parametrize("name", TINY)
def test_degenerate_samples_raise_and_warn_of_nothing(feature, name):
    X, y, Z, k = TINY[name]
    check(feature, Sample(X, np.array(y), Z, n_classes=k))


@every
def test_ordinary_samples_have_every_value(feature):
    X, y, Z = draw(0)
    assert all(math.isfinite(value) for value in values(feature, Sample(X, y, Z)).values())


@every
def test_the_same_sample_gives_the_same_value(feature):
    X, y, Z = draw(1)
    assert values(feature, Sample(X, y, Z)) == values(feature, Sample(X.copy(), y, Z.copy()))


def rotation(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


def changed(claim, seed, X, y, Z, k):
    """Return the sample with what the claim names changed."""
    rng = np.random.default_rng(seed)
    if claim == "rows":
        train, evaluated = rng.permutation(len(X)), rng.permutation(len(Z))
        X, y, Z = X[train], y[train], Z[evaluated]
    elif claim == "rotation":
        Q = rotation(rng, X.shape[1])
        X, Z = X @ Q, Z @ Q
    elif claim == "shift":
        move = rng.normal(size=X.shape[1]) * 3
        X, Z = X + move, Z + move
    elif claim == "scale":
        factor = float(np.exp(rng.normal() * 3))
        X, Z = X * factor, Z * factor
    elif claim == "labels":
        y = rng.permutation(k)[y]
    return Sample(X, y, Z, n_classes=k)


def claims():
    return [
        pytest.param(item, claim, id=f"{name}-{claim}")
        for name, item in FEATURES.items()
        for claim in sorted(item.INVARIANT)
    ]


@pytest.mark.parametrize(("feature", "claim"), claims())
@given(
    seed=st.integers(0, 10_000),
    n=st.sampled_from([2, 4, 9, 30]),
    d=st.sampled_from([1, 3, 12]),
    kind=st.sampled_from(["gaussian", "grid", "offset", "constant"]),
)
@settings(deadline=None, max_examples=20)
def test_what_is_claimed_invariant_is(feature, claim, seed, n, d, kind):
    X, y, Z = draw(seed, n=n, d=d, kind=kind)
    before = values(feature, Sample(X, y, Z, n_classes=3))
    after = values(feature, changed(claim, seed, X, y, Z, 3))
    assert after == pytest.approx(before, rel=1e-6, abs=1e-6, nan_ok=True)


UNCLAIMED = [("anisotropy", "shift"), ("logme", "shift")]


@pytest.mark.parametrize(("name", "claim"), UNCLAIMED)
def test_what_is_not_claimed_does_change(name, claim):
    X, y, Z = draw(2)
    feature = FEATURES[name]
    assert claim not in feature.INVARIANT
    before = values(feature, Sample(X, y, Z))[""]
    after = values(feature, changed(claim, 2, X, y, Z, 3))[""]
    assert abs(after - before) > 1e-3


def stored_names(shelf_name):
    """Return the names under which a shelf's numbers are stored."""
    return [
        f"{name}_{output}".removesuffix("_")
        for name, item in shelf.items(shelf_name).items()
        for output in getattr(item, "OUTPUTS", ("",))
    ]


def test_stored_names_are_unique_over_features_and_estimators():
    names = stored_names("features") + stored_names("estimators")
    twice = {name for name in names if names.count(name) > 1}
    assert not twice
