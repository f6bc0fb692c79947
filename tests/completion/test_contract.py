"""What holds for every item on the completion shelf."""

from __future__ import annotations

import io

import numpy as np
import pytest

from charz import shelf
from charz.completion import _gaussian, _grid, _model, _scale
from charz.completion._record import Record

NAMES = shelf.names("completion")
AXES = _grid.AXES


@pytest.fixture(scope="module")
def grid(record: Record) -> _grid.Grid:
    return _grid.of_record(record)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", NAMES)
def test_a_prior_is_a_gaussian_over_the_other_axis(name: str, axis: str, grid: _grid.Grid) -> None:
    item = shelf.load("completion", name)
    found = item.prior(item.fit(grid), axis, grid.features[axis][0])
    n = grid.Y.shape[1 if axis == "tasks" else 0]
    assert found.mean.shape == (n,)
    assert np.allclose(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance).min() > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_arrays_that_survive_a_file_without_pickle(name: str, grid: _grid.Grid) -> None:
    item = shelf.load("completion", name)
    fitted = item.fit(grid)
    file = io.BytesIO()
    np.savez(file, **fitted)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        back = dict(loaded)
    assert all(array.dtype.kind in "biufU" for array in back.values())
    x = grid.features["tasks"][0]
    assert np.array_equal(item.prior(back, "tasks", x).mean, item.prior(fitted, "tasks", x).mean)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_encoders_and_tasks_does_not_matter(name: str, record: Record) -> None:
    rng = np.random.default_rng(1)
    turned = Record(
        record.cells.sample(frac=1, random_state=0),
        record.encoders.iloc[rng.permutation(len(record.encoders))],
        record.tasks.iloc[rng.permutation(len(record.tasks))],
    )
    scores = {record.encoders.index[3]: 0.6, record.encoders.index[5]: 0.7}
    one, other = _model.fit(record, name), _model.fit(turned, name)
    assert one.fingerprint == other.fingerprint
    places = other.encoders.index.get_indexer(one.encoders.index)
    means = [_model.new_task(each, scores).mean for each in (one, other)]
    assert np.allclose(means[0], means[1][places], atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "constant"])
def test_scores_of_a_new_task_beat_the_constant(name: str, record: Record) -> None:
    assert _error(name, record) < 0.8 * _error("constant", record)


def test_facts_and_factors_beat_one_order(record: Record) -> None:
    assert _error("kernel", record) < 0.9 * _error("additive", record)


def _error(name: str, record: Record) -> float:
    new = record.tasks.index[-10:]
    model = _model.fit(record.without(tasks=new), name)
    value = record.matrix("value")
    errors = []
    for task in new:
        truth = value[task].dropna()
        seen = truth.iloc[::8]
        joint = _model.new_task(model, seen.to_dict(), record.tasks.loc[[task]])
        said = _scale.to_accuracy(joint.mean)[model.encoders.index.get_indexer(truth.index)]
        errors.append(np.abs(said - truth)[~truth.index.isin(seen.index)].mean())
    return float(np.mean(errors))


@pytest.mark.parametrize("name", NAMES)
def test_intervals_shrink_with_data(name: str, record: Record) -> None:
    prior = _model.prior(_model.fit(record, name), "tasks")
    plain = _gaussian.Gaussian(prior.mean, prior.covariance, np.inf)
    before = plain.sd
    for n in (1, 3, 9):
        after = _gaussian.condition(plain, np.arange(n), np.zeros(n), np.full(n, 0.01)).sd
        assert (after <= before + 1e-9).all()
        before = after
