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
