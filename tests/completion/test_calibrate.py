"""Widths against the coverage that they are for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from charz.completion import _calibrate, _held_out, _model
from charz.completion._gaussian import Gaussian
from charz.completion._record import Record


def lines(n: int, seed: int, scale: float) -> list[_calibrate.Line]:
    """Lines whose truth varies ``scale`` times as much as is believed."""
    rng = np.random.default_rng(seed)
    S = 0.05 * (0.5 + 0.5 * np.eye(12))
    root = np.linalg.cholesky(S)
    return [
        _calibrate.Line(
            f"g{i % (n // 2)}", Gaussian(np.zeros(12), S, np.inf),
            norm.cdf(scale * root @ rng.normal(size=12)), np.full(12, 1e-3),
        )
        for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_widths_find_how_far_off_a_belief_is(scale: float) -> None:
    found = _calibrate.widths(lines(400, 0, scale))
    assert np.allclose(found[:5], max(scale, 1), rtol=0.12)


def test_intervals_so_widened_cover_lines_that_were_not_seen() -> None:
    widths = _calibrate.widths(lines(300, 1, 1.7))
    inside = []
    for line in lines(300, 2, 1.7):
        for q in (0, 2, 5):
            joint = line.after(np.arange(q))
            by = _calibrate.width(widths, q)
            wide = Gaussian(joint.mean, joint.covariance * by**2, joint.freedom)
            low, high = _model.interval(wide, line.error, 0.9)
            inside.append(((low <= line.truth) & (line.truth <= high))[q:].mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_needed_is_the_least_width_whose_interval_holds_the_truth() -> None:
    line = lines(2, 3, 1.5)[0]
    joint = line.after(np.array([0]))
    needed = _calibrate.needed(joint, line.truth, line.error)
    for place in range(1, 12):
        for by, holds in ((1.001, True), (0.999, False)):
            factor = (needed[place] * by) ** 2
            wide = Gaussian(joint.mean, joint.covariance * factor, joint.freedom)
            low, high = _model.interval(wide, line.error, 0.9)
            if needed[place] > 0:
                assert bool(low[place] <= line.truth[place] <= high[place]) is holds


def test_every_group_counts_the_same() -> None:
    some = lines(20, 4, 1.6)
    again = [*some, *[some[0]] * 100]
    groups = [line.group for line in again]
    values = np.concatenate([_calibrate.needs(line)["random"][0] for line in again])
    weights = np.concatenate([np.full(12, 1 / groups.count(group)) for group in groups])
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    assert _calibrate.widths(again)[0] == values[order][(share < 0.9 - 1e-9).sum()]
    assert _calibrate.widths(some[:5]).tolist() == [1.0] * len(_calibrate.STEPS)


def test_places_are_planned_one_after_the_other_and_widths_heed_them() -> None:
    some = lines(20, 5, 1.5)
    order = _calibrate.planned(some[0], "best", 4)
    assert len(set(order.tolist())) == 4
    assert _calibrate.planned(some[0], "best", 2).tolist() == order[:2].tolist()
    assert len(_calibrate.planned(some[0], "fill", 50)) == 11
    needs = _calibrate.needs(some[0], ["best"])
    rest = np.setdiff1d(some[0].known, order[:3])
    joint = some[0].after(order[:3])
    needed = _calibrate.needed(joint, some[0].truth, some[0].error)[rest]
    assert needs["best"][_calibrate.STEPS.index(3)].tolist() == needed.tolist()
    both, chance = _calibrate.widths(some, ["best"]), _calibrate.widths(some)
    assert (both >= chance).all()
    assert (both > chance).any()


def test_a_model_fitted_with_groups_held_out_answers_as_wide_as_it_learned(
    record: Record,
) -> None:
    plain, model = _model.fit(record), _held_out.fit(record, n_folds=3)
    assert {axis: len(each) for axis, each in model.widths.items()} == {
        "tasks": len(_calibrate.STEPS), "encoders": len(_calibrate.STEPS)
    }  # fmt: skip
    scores = dict.fromkeys(record.encoders.index[:3], 0.6)
    one, other = (_model.new_task(each, scores) for each in (plain, model))
    assert np.array_equal(one.mean, other.mean)
    assert np.allclose(other.sd / one.sd, model.widths["tasks"][2] / _model.WIDER)
    back = _model.from_bytes(_model.to_bytes(model))
    assert all(np.array_equal(back.widths[axis], model.widths[axis]) for axis in model.widths)
    assert back.version == model.version


def test_no_line_was_learned_from(record: Record) -> None:
    found = _held_out.lines(record, "additive", "tasks", 3)
    assert len(found) == len(record.tasks)
    assert sum(len(line.truth) for line in found) == record.n_cells
    folds = _held_out.folds(record.tasks["group"], 3)
    assert set.union(*folds) == set(record.tasks["group"])
    assert sum(map(len, folds)) == record.tasks["group"].nunique()
