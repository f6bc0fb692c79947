"""Each metamodel against scikit-learn or a slow formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from charz.metamodels import _design, _link, boosting, constant, ridge, stack

Frames = tuple[pd.DataFrame, pd.DataFrame]


def test_the_constant_weighs_groups_the_same() -> None:
    frame = pd.DataFrame({"cv": np.zeros(5)})
    model = constant.fit(frame, [0.1, 0.2, 0.3, 0.4, 0.8], list("aaaab"))
    assert constant.predict(model, frame) == pytest.approx(np.full(5, (0.25 + 0.8) / 2))


def test_ridge_solves_scikit_learns_problem() -> None:
    rng = np.random.default_rng(0)
    Z, y, weights = rng.normal(size=(50, 6)), rng.normal(size=50), rng.uniform(0.2, 2, 50)
    for penalty in (0.01, 1.0, 300.0):
        intercept, slopes = ridge._solve(Z, y, weights, [penalty])[0]
        reference = Ridge(alpha=penalty).fit(Z, y, sample_weight=weights)
        assert slopes == pytest.approx(reference.coef_, abs=1e-9)
        assert intercept == pytest.approx(reference.intercept_, abs=1e-9)


def test_ridge_recovers_the_law_of_the_made_up_registry() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"cv": rng.uniform(0.4, 0.9, 900), "rank": rng.normal(size=900)})
    truth = (frame["cv"] - 0.03 * frame["rank"]).clip(0, 1)
    model = ridge.fit(frame, truth, np.arange(900) % 30)
    pair = pd.DataFrame({"cv": [0.7, 0.7], "rank": [-1.0, 1.0]})
    assert ridge.predict(model, pair) == pytest.approx([0.73, 0.67], abs=0.005)


def test_boosting_is_scikit_learn_on_the_residual_of_the_base(registry: Frames) -> None:
    features, cells = registry
    model = boosting.fit(features, cells["target"], cells["group"])
    base = _design.base(model, features)
    X = _design.matrix(model, features)
    reference = HistGradientBoostingRegressor(**boosting.SETTINGS).fit(
        X,
        _link.to_scale("share", cells["target"]) - base,
        sample_weight=_link.group_weights(cells["group"]),
    )
    expected = _link.from_scale("share", base + reference.predict(X))
    assert np.array_equal(boosting.predict(model, features), expected)


def test_the_stack_is_its_members_mean(registry: Frames) -> None:
    features, cells = registry
    model = stack.fit(features, cells["target"], cells["group"])
    answers = stack.members(model, features)
    assert set(answers) == {"ridge", "extra_trees"}
    alone = ridge.predict(ridge.fit(features, cells["target"], cells["group"]), features)
    assert np.array_equal(answers["ridge"], alone)
    mean = sum(answers.values()) / 2
    assert stack.predict(model, features) == pytest.approx(mean, abs=1e-12)


def test_the_base_is_the_mean_of_the_anchors_that_a_row_has() -> None:
    frame = pd.DataFrame({"cv": [0.5, 1.0, np.nan, 0.8], "doc": [0.6, np.nan, np.nan, 0.9]})
    target = np.array([0.56, 0.98, 0.7, 0.84])
    design = _design.fit(frame, target, np.ones(4), "share")
    assert _design.base(design, frame) == pytest.approx([0.55, 1.0, target.mean(), 0.85])
    useless = _design.fit(1 - frame, target, np.ones(4), "share")
    assert _design.base(useless, frame) == pytest.approx(np.full(4, target.mean()))


def test_the_base_is_of_the_guesses_nearest_to_the_target() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"cv": rng.uniform(size=30), "cv_macro_f1": rng.uniform(size=30)})
    loss = frame.assign(cv_log_loss=rng.uniform(0.2, 3, 30))
    for target, name in (("cv", "cv"), ("cv_macro_f1", "cv_macro_f1"), ("cv_log_loss",) * 2):
        y = 0.95 * loss[target].to_numpy()
        design = _design.fit(loss, y, np.ones(30), _link.choose(y))
        assert design["anchors"].tolist() == [name]


def test_the_last_columns_are_the_base_and_its_standard_error() -> None:
    frame = pd.DataFrame({"cv": [0.5, 0.8], "n_train": [25.0, 16.0]})
    X = _design.matrix(_design.fit(frame, np.array([0.5, 0.8]), np.ones(2), "share"), frame)
    assert X[:, -2:] == pytest.approx(np.array([[0.5, 0.1], [0.8, 0.1]]))


def test_skewed_columns_enter_as_logs_and_others_as_they_are() -> None:
    frame = pd.DataFrame({"dims": [64.0, 64.0, 4096.0], "ratio": [0.1, -0.2, 0.3]})
    design = _design.fit(frame, np.array([0.5, 0.6, 0.7]), np.ones(3), "share")
    X = _design.matrix(design, frame)
    assert X[:, 0] == pytest.approx(np.log([65, 65, 4097]))
    assert X[:, 1] == pytest.approx([0.1, -0.2, 0.3])


@pytest.mark.parametrize("link", _link.LINKS)
def test_links_invert_inside_their_range(link: str) -> None:
    values = np.linspace(0.01, 0.99, 50)
    assert _link.from_scale(link, _link.to_scale(link, values)) == pytest.approx(values)
    assert np.isfinite(_link.to_scale(link, [0.0, 1.0])).all()


def test_folds_keep_groups_whole_and_even() -> None:
    groups = np.random.default_rng(0).integers(0, 17, 400)
    fold = _link.fold_of(groups, 5)
    assert all(len(np.unique(fold[groups == g])) == 1 for g in np.unique(groups))
    sizes = np.bincount(fold)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() < np.bincount(groups).max()
    assert len(np.unique(_link.fold_of(groups, 99))) == 17
