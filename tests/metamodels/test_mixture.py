"""The mixture knows a shift by its features, and what a row was only in training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from charz import shelf
from charz.metamodels import mixture


@pytest.fixture(scope="module")
def world():
    """Same-domain accuracy is CV; a shift, which domain_auc shows, takes 0.2 away."""
    rng = np.random.default_rng(0)
    cv, shift = rng.uniform(0.6, 0.9, 600), np.arange(600) % 2 == 0
    frame = pd.DataFrame(
        {
            "cv": cv,
            "n_train": 500,
            "n_target": 500,
            "domain_auc": np.where(shift, 0.9, 0.5) + rng.normal(0, 0.02, 600),
            "_is_shift": shift.astype(float),
        }
    )
    return frame, cv - 0.2 * shift, np.arange(600) // 2 % 20


def test_it_tells_the_settings_apart_by_their_features(world):
    frame, target, groups = world
    train, new = groups < 15, groups >= 15
    model = mixture.fit(frame[train], target[train], groups[train])
    error = np.abs(mixture.predict(model, frame[new]) - target[new])
    one_for_all = shelf.load("metamodels", "constant")
    constant = one_for_all.predict(
        one_for_all.fit(frame[train], target[train], groups[train]), frame[new]
    )
    assert error.mean() < 0.04 < 0.05 < np.abs(constant - target[new]).mean()


def test_what_a_row_was_is_not_read_at_predict(world):
    frame, target, groups = world
    model = mixture.fit(frame, target, groups)
    seen = mixture.predict(model, frame)
    np.testing.assert_array_equal(seen, mixture.predict(model, frame.drop(columns="_is_shift")))
    lied = frame.assign(_is_shift=1 - frame["_is_shift"])
    np.testing.assert_array_equal(seen, mixture.predict(model, lied))


def test_targets_at_larger_sizes_have_an_expert_of_their_own(world):
    frame, target, groups = world
    far = frame.assign(n_target=2000)
    both = pd.concat([frame, far], ignore_index=True)
    targets = np.concatenate([target, target + 0.05])
    model = mixture.fit(both, targets, np.tile(groups, 2))
    ahead = mixture.predict(model, far[frame["_is_shift"] == 0])
    own = mixture.predict(model, frame[frame["_is_shift"] == 0])
    assert np.mean(ahead - own) == pytest.approx(0.05, abs=0.02)


def test_without_a_shift_it_is_the_stack(world):
    frame, target, groups = world
    same = frame["_is_shift"] == 0
    stack = shelf.load("metamodels", "stack")
    model = mixture.fit(frame[same], target[same], groups[same])
    alone = stack.predict(stack.fit(frame[same], target[same], groups[same]), frame)
    np.testing.assert_allclose(mixture.predict(model, frame), alone)


def by_hand(model, frame):
    """Return what the same-domain and the shift expert say, each asked alone."""
    stack = shelf.load("metamodels", "stack")
    return (
        stack.predict({k.removeprefix(f"{name}."): v for k, v in model.items()
                       if k.startswith(f"{name}.")}, frame)
        for name in ("same", "shift")
    )  # fmt: skip


def test_who_is_told_the_domain_asks_its_expert(world):
    frame, target, groups = world
    model = mixture.fit(frame, target, groups)
    same, shift = by_hand(model, frame)
    assert np.abs(same - shift).max() > 0.05
    for told, expert in ((0.0, same), (1.0, shift)):
        asked = frame.assign(_told_shift=told)
        np.testing.assert_allclose(mixture.predict(model, asked), expert, rtol=1e-12)
    truth = frame["_is_shift"].to_numpy()
    mixed = mixture.predict(model, frame.assign(_told_shift=truth))
    np.testing.assert_allclose(mixed, np.where(truth == 1, shift, same), rtol=1e-12)


def test_at_larger_sizes_the_domain_moves_the_answer_as_far_as_the_experts_part(world):
    frame, target, groups = world
    far = frame.assign(n_target=2000)
    both = pd.concat([frame, far], ignore_index=True)
    model = mixture.fit(both, np.concatenate([target, target + 0.05]), np.tile(groups, 2))
    same, shift = by_hand(model, far)
    here, away = (mixture.predict(model, far.assign(_told_shift=told)) for told in (0.0, 1.0))
    np.testing.assert_allclose(away - here, shift - same, atol=1e-12)


def test_unknown_is_as_if_nothing_was_said(world):
    frame, target, groups = world
    model = mixture.fit(frame, target, groups)
    plain = mixture.predict(model, frame)
    for unknown in (np.nan, np.inf, None):
        asked = frame.assign(_told_shift=unknown)
        np.testing.assert_array_equal(mixture.predict(model, asked), plain)
    some = np.where(np.arange(len(frame)) < 10, 1.0, np.nan)
    np.testing.assert_array_equal(
        mixture.predict(model, frame.assign(_told_shift=some))[10:], plain[10:]
    )


def test_what_is_told_is_not_learned_from(world):
    frame, target, groups = world
    plain = mixture.fit(frame, target, groups)
    told = mixture.fit(frame.assign(_told_shift=target), target, groups)
    assert plain.keys() == told.keys()
    assert all(np.array_equal(plain[name], told[name]) for name in plain)
