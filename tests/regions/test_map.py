"""The map: logistic regression as scikit-learn fits it, intervals that hold for new groups."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from charz.errors import InputError
from charz.regions import _learn, _map, _rows, _seen
from charz.regions._learn import Case
from charz.regions._seen import Seen


def cases(n=24, m=240, k=6, seed=0):
    """Return samples whose probes err more where they are less confident."""
    rng = np.random.default_rng(seed)
    return [case(rng, f"group {number}", m, k) for number in range(n)]


def case(rng, group, m, k):
    facts = rng.normal(size=(m, len(_rows.NAMES)))
    regions = np.arange(m) % k
    at = _rows.NAMES.index("confidence")
    facts[:, at] -= regions - k / 2
    odds = 0.8 + facts[:, at] + 0.3 * rng.normal()
    right = rng.random(m) < 1 / (1 + np.exp(-odds))
    covered = facts[:, 0] < 0.5
    train = rng.integers(0, k, 60)
    own = (rng.random(60) < 0.7).astype(float)
    seen = Seen(facts, covered, own, train, regions, k, 3, float(rng.uniform(0.5, 0.7)))
    return Case(seen, right, group, frozenset({group}))


@pytest.fixture(scope="module")
def known():
    return cases()


@pytest.fixture(scope="module")
def learnt(known):
    return _learn.learn(known)


def test_probabilities_are_those_of_scikit_learn(known, learnt):
    X = np.vstack([_seen.columns(each.seen) for each in known])
    y = np.concatenate([each.right for each in known])
    center, scale = X.mean(axis=0), X.std(axis=0)
    scale[scale < 1e-9] = 1
    Z = np.clip((X - center) / scale, -_map.HELD, _map.HELD)
    theirs = LogisticRegression(C=1 / _learn.PENALTY, tol=1e-10, max_iter=10_000).fit(Z, y)
    ours = _map.probabilities(learnt, X)
    np.testing.assert_allclose(ours, theirs.predict_proba(Z)[:, 1], atol=1e-4)


def test_intervals_hold_for_groups_that_were_not_seen(learnt):
    held = []
    for new in cases(60, seed=1):
        expected = _learn.regions(learnt, new.seen)
        low, high = _map.interval(learnt, new.seen, expected, 0.9).T
        truth = _map.means(new.right.astype(float), new.seen.eval_region, new.seen.n_regions)
        held.append(np.mean((low <= truth) & (truth <= high)))
    assert 0.85 <= np.mean(held) <= 0.97


def test_a_level_that_few_groups_cannot_promise_has_the_whole_range():
    few = _learn.learn(cases(4))
    assert _map.quantile(few, 0.9) == np.inf
    seen = cases(1)[0].seen
    ends = _map.interval(few, seen, _learn.regions(few, seen), 0.9)
    assert ends.tolist() == [[0.0, 1.0]] * seen.n_regions


def test_regions_of_less_confidence_are_expected_to_err_more(learnt):
    seen = cases(1, seed=2)[0].seen
    expected = _learn.regions(learnt, seen)
    assert (np.diff(expected) < 0).all()


def test_a_map_is_written_and_read(tmp_path, learnt):
    path = tmp_path / "maps" / "map.json"
    _map.write(replace(learnt, provenance={"n_groups": 24}), path)
    read = _map.from_text(path.read_text())
    assert read.columns == learnt.columns
    assert read.provenance == {"n_groups": 24}
    np.testing.assert_allclose(read.coefficients, learnt.coefficients, rtol=1e-5)
    assert _map.quantile(read, 0.9) == pytest.approx(_map.quantile(learnt, 0.9), rel=1e-5)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9}', json.dumps({"format": 1, "columns": ["x"]})]
)
def test_what_is_no_map_is_refused(text):
    with pytest.raises(InputError, match="no map"):
        _map.from_text(text)


def test_numbers_of_a_region_are_those_of_a_loop():
    seen = cases(1, seed=3)[0].seen
    found = dict(zip(_seen.COLUMNS, _seen.columns(seen).T, strict=True))
    for region in range(seen.n_regions):
        rows = seen.eval_region == region
        labelled = seen.train_region == region
        assert np.allclose(found["region_covered"][rows], seen.covered[rows].mean())
        assert np.allclose(found["region_labels"][rows], np.log(1 + labelled.sum()))
        overall = (seen.right.sum() + 1) / (len(seen.right) + 2)
        right = (seen.right[labelled].sum() + 5 * overall) / (labelled.sum() + 5)
        assert np.allclose(found["region_right"][rows], np.log(right / (1 - right)))


def test_the_map_that_ships_promises_what_it_says():
    shipped = _map.shipped()
    assert shipped.columns == _seen.COLUMNS
    assert shipped.provenance["n_groups"] >= 10
    assert np.isfinite(_map.quantile(shipped, 0.9))
    assert sum(shipped.weights) == pytest.approx(1 - 1 / (shipped.provenance["n_groups"] + 1))
