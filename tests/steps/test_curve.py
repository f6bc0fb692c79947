"""Forecast curves: what they promise of themselves, and what they do with bad and little input."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import sqlalchemy as sa

import charz
from charz.curves import _answer, _pilot, _prior
from charz.curves._prior import Prior
from charz.errors import InputError, UnknownNameError
from charz.sample import Sample
from charz.schema import TABLES
from charz.steps import _features, curve, outcome
from tests import tiny

SPEC = "random:hash?dims=32"


def rows(n, n_classes=2, apart=1.5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    means = rng.normal(size=(n_classes, 8))
    means *= apart / np.linalg.norm(means, axis=1)[:, None]
    return rng.normal(size=(n, 8)) + means[y], y


def measured(n=64, **how):
    X, y = rows(n, **how)
    return _pilot.measure(Sample(X, y, X[:1]))


@pytest.fixture(scope="module")
def prior():
    X, y = rows(64)
    arrays = curve.packaged("accuracy")
    return Prior(arrays, 64, _features.compute(Sample(X, y, X[:1]), _prior.names(arrays)))


@pytest.mark.parametrize(("n", "n_classes"), [(2, 2), (3, 2), (4, 2), (4, 4), (9, 3), (64, 5)])
def test_every_sample_of_two_classes_gets_an_ordered_band_that_never_falls(n, n_classes):
    X, y = rows(n, n_classes)
    found = charz.learning_curve(X, y, target=0.8, at=[n, 2 * n, 50 * n])
    assert [point.n for point in found.points] == [n, 2 * n, 50 * n]
    for point in found.points:
        assert 0 <= point.low <= point.value <= point.high <= 1
    for before, after in pairwise(found.points):
        assert before.low <= after.low
        assert before.value <= after.value
        assert before.high <= after.high
    assert found.answer.verdict in ("reached", "needed", "not reachable", "unknown")
    assert {"last", "median", "pow3", "pow4", "mmf4", "wbl4", "exp", "logpower"} == set(
        found.baselines
    )
    assert found.mdl > 0
    assert 0 <= found.support <= 1


def test_few_rows_decide_nothing_but_say_how_many_more():
    X, y = rows(4)
    answer = charz.learning_curve(X, y, target=0.9).answer
    assert (answer.verdict, answer.more) == ("unknown", 4)


@pytest.mark.parametrize("target", [0.3, 0.6, 0.75, 0.8, 0.85, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_answers_say_what_the_curve_says(prior, target, level):
    band = _answer.band(prior, prior.values, level)
    answer = _answer.answer(prior, prior.values, target, level)
    if answer.verdict == "reached":
        assert band.value[0] >= target
        assert answer.n == answer.n_low == prior.n
        assert answer.sure >= _answer.SURE
    elif answer.verdict == "not reachable":
        assert (band.high < target).all()
    if answer.n is not None:
        edge = band.first(band.high, target)
        assert edge is None or answer.n_low <= edge
        assert answer.n_low <= answer.n
        assert answer.n_high is None or answer.n_high >= answer.n
    assert (answer.more is not None) == (answer.verdict == "unknown")
    if answer.verdict == "needed":
        assert answer.sure >= _answer.SURE


def test_higher_levels_are_wider_and_higher_targets_take_more(prior):
    sizes = prior.n * 2.0 ** np.arange(9)
    bands = [_answer.around(prior, prior.values, level, sizes) for level in (0.5, 0.8, 0.95)]
    for narrow, wide in pairwise(bands):
        assert (wide.low <= narrow.low).all()
        assert (wide.high >= narrow.high).all()
    crossed = [bands[0].first(bands[0].value, target) for target in (0.5, 0.7, 0.8)]
    known = [n for n in crossed if n is not None]
    assert known == sorted(known)


def test_an_interval_far_ahead_is_wider_and_chances_are_chances(prior):
    near, far = prior.errors(np.array([64.0, 4096.0]), np.array([0.8, 0.8]))
    assert far >= near
    chances = [prior.beyond(score) for score in (-9.0, -1.0, 0.0, 1.0, 9.0)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] + chances[-1] == pytest.approx(1)


@pytest.mark.parametrize("metric", curve.METRICS)
def test_the_order_of_rows_and_the_names_of_classes_change_nothing(metric):
    X, y = rows(48, 3)
    plain = charz.learning_curve(X, y, target=0.8, metric=metric)
    order = np.random.default_rng(5).permutation(48)
    turned = charz.learning_curve(X[order], np.array(["a", "b", "c"])[y][order], target=0.8,
                                  metric=metric)  # fmt: skip
    assert replace(turned, provenance={}) == replace(plain, provenance={})


def test_a_pilot_scores_rows_that_its_parts_did_not_see():
    # Labels without any meaning: a part can know nothing of the other rows.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(256, 300)), rng.integers(0, 2, 256)
    pilot = _pilot.measure(Sample(X, y, X[:1]))
    assert pilot.sizes.tolist() == [16, 32, 64, 128, 204]
    assert np.abs(pilot.scores["accuracy"] - 0.5).max() < 0.1
    assert pilot.code > 0.95


def test_labels_that_follow_from_the_rows_take_few_bits():
    clear, vague = measured(apart=6.0), measured(apart=0.5)
    assert clear.code < 0.4 < vague.code
    assert clear.scores["accuracy"][-1] > vague.scores["accuracy"][-1]


def test_eval_rows_bring_another_prior_and_the_metamodel():
    X, y = rows(40)
    alone = charz.learning_curve(X, y, at=[80])
    beside = charz.learning_curve(X, y, X[:30] + 0.1, at=[80])
    assert beside.provenance["prior"] != alone.provenance["prior"]
    assert set(alone.provenance["inputs"]) < set(beside.provenance["inputs"])
    assert {name: beside.baselines[name] for name in alone.baselines} == alone.baselines
    assert set(beside.baselines) - set(alone.baselines) == {"metamodel"}
    assert len(beside.baselines["metamodel"]) == 2
    asked = charz.predict_performance(X, y, X[:30] + 0.1, at=80)
    assert beside.baselines["metamodel"][1] == pytest.approx(asked.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": 1.5}, "target 1.5"),
        ({"target": float("nan")}, "target nan"),
        ({"level": 0.0}, "level 0.0"),
        ({"at": [3]}, "at=3 is below"),
        ({"at": [10**7]}, "over 256 times"),
    ],
)
def test_what_makes_no_sense_is_named(given, said):
    X, y = rows(20)
    with pytest.raises(InputError, match=said):
        charz.learning_curve(X, y, **given)


def test_one_class_and_bad_arrays_are_named():
    X, y = rows(20)
    with pytest.raises(InputError, match="1 class"):
        charz.learning_curve(X, np.zeros(20))
    with pytest.raises(InputError, match="NaN"):
        charz.learning_curve(np.where(X > 1, np.nan, X), y)
    with pytest.raises(InputError, match="shape"):
        charz.learning_curve(X[:, 0], y)
    with pytest.raises(InputError, match="X_train"):
        charz.learning_curve([], [0, 1])
    with pytest.raises(UnknownNameError, match="log_los"):
        charz.learning_curve(X, y, metric="log_loss")


def test_every_point_is_kept_and_can_be_settled(finished, tmp_path):
    train = str(tiny.write(tmp_path / "train.csv", tiny.rows("books", 30, 7)))
    found = curve.files(finished, encoder=SPEC, train=train, target=0.9, at=[60])
    again = curve.files(finished, encoder=SPEC, train=train, target=0.9, at=[60])
    assert found == again
    keys = found.provenance["keys"]
    assert list(keys) == ["30", "60"]
    stored = finished.rows(sa.select(TABLES["prediction"]).order_by(TABLES["prediction"].c.id))
    assert [row["key"] for row in stored] == list(keys.values())
    assert [row["at"] for row in stored] == [None, 60]
    assert [row["value"] for row in stored] == [point.value for point in found.points]
    settled = outcome.record(finished, keys["60"], 0.8)
    assert settled["covered"] == (found.points[1].low <= 0.8 <= found.points[1].high)
