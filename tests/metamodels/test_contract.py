"""What holds for every metamodel on the shelf."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import shelf
from charz.errors import InputError

Frames = tuple[pd.DataFrame, pd.DataFrame]
NAMES = shelf.names("metamodels")
LEARNED = [name for name in NAMES if name != "constant"]


@pytest.fixture(scope="session")
def fitted(registry: Frames) -> dict[str, dict[str, np.ndarray]]:
    features, cells = registry
    return {
        name: shelf.load("metamodels", name).fit(features, cells["target"], cells["group"])
        for name in NAMES
    }


def error(answer: np.ndarray, truth: pd.Series) -> float:
    return float(np.abs(answer - truth).mean())


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_shares_and_the_same_each_time(
    name: str, registry: Frames, new_world: Frames, fitted: dict[str, dict[str, np.ndarray]]
) -> None:
    item = shelf.load("metamodels", name)
    answer = item.predict(fitted[name], new_world[0])
    assert answer.shape == (len(new_world[0]),)
    assert ((answer >= 0) & (answer <= 1)).all()
    again = item.fit(registry[0], registry[1]["target"], registry[1]["group"])
    assert np.array_equal(item.predict(again, new_world[0]), answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_arrays_that_survive_a_file_without_pickle(
    name: str, new_world: Frames, fitted: dict[str, dict[str, np.ndarray]]
) -> None:
    item = shelf.load("metamodels", name)
    file = io.BytesIO()
    np.savez_compressed(file, **fitted[name])
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        back = dict(loaded)
    assert all(array.dtype.kind in "biufU" for array in back.values())
    expected = item.predict(fitted[name], new_world[0])
    assert np.array_equal(item.predict(back, new_world[0]), expected)


@pytest.mark.parametrize("name", LEARNED)
def test_learning_beats_cross_validation_and_the_constant_on_new_groups(
    name: str, registry: Frames, new_world: Frames, fitted: dict[str, dict[str, np.ndarray]]
) -> None:
    truth = new_world[1]["target"]
    learned = error(shelf.load("metamodels", name).predict(fitted[name], new_world[0]), truth)
    assert learned < 0.9 * error(new_world[0]["cv"].to_numpy(), truth)
    assert learned < 0.9 * error(np.full(len(truth), registry[1]["target"].mean()), truth)


@pytest.mark.parametrize("name", NAMES)
def test_shuffled_targets_teach_nothing_beyond_the_constant(
    name: str, registry: Frames, new_world: Frames
) -> None:
    features, cells = registry
    shuffled = np.random.default_rng(5).permutation(cells["target"])
    item = shelf.load("metamodels", name)
    answer = item.predict(item.fit(features, shuffled, cells["group"]), new_world[0])
    constant = np.full(len(answer), shuffled.mean())
    assert abs(error(answer, new_world[1]["target"]) - error(constant, new_world[1]["target"])) < (
        0.025
    )


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_matched_by_name(
    name: str, new_world: Frames, fitted: dict[str, dict[str, np.ndarray]]
) -> None:
    item, features = shelf.load("metamodels", name), new_world[0]
    expected = item.predict(fitted[name], features)
    turned = features[features.columns[::-1]].assign(unheard_of=1.0)
    assert np.array_equal(item.predict(fitted[name], turned), expected)
    absent = item.predict(fitted[name], features.drop(columns="rank"))
    missing = item.predict(fitted[name], features.assign(rank=np.nan))
    infinite = item.predict(fitted[name], features.assign(rank=np.inf))
    assert np.array_equal(absent, missing)
    assert np.array_equal(infinite, missing)


@pytest.mark.parametrize("name", NAMES)
def test_nonnegative_metrics_are_learned_too(name: str, registry: Frames) -> None:
    features, cells = registry
    losses = -2 * np.log(np.clip(cells["target"], 0.01, 0.99)) + 0.5
    item = shelf.load("metamodels", name)
    answer = item.predict(item.fit(features, losses, cells["group"]), features)
    assert (answer >= 0).all()
    assert error(answer, losses) <= error(np.full(len(losses), losses.mean()), losses) + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_bad_targets_and_columns_are_named(name: str, registry: Frames) -> None:
    features, cells = registry
    item = shelf.load("metamodels", name)
    with pytest.raises(InputError, match="no row"):
        item.fit(features[:0], [], [])
    with pytest.raises(InputError, match="negative or not finite"):
        item.fit(features, cells["target"].where(cells.index > 0, np.nan), cells["group"])
    with pytest.raises(InputError, match="does not suit"):
        item.fit(features, cells["target"] + 1, cells["group"], "share")
    if name != "constant":
        with pytest.raises(InputError, match="'margin' is not numeric"):
            item.fit(features.assign(margin="wide"), cells["target"], cells["group"])
        with pytest.raises(InputError, match="480 rows of features for 479 targets"):
            item.fit(features, cells["target"][1:], cells["group"][1:])


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=25)
@given(
    row=st.fixed_dictionaries(
        {
            column: st.floats(allow_nan=True, allow_infinity=True)
            for column in ("cv", "margin", "rank", "n_train", "holed")
        }
    )
)
def test_no_row_however_wild_leaves_the_range(
    name: str, fitted: dict[str, dict[str, np.ndarray]], row: dict[str, float]
) -> None:
    (answer,) = shelf.load("metamodels", name).predict(fitted[name], pd.DataFrame([row]))
    assert 0 <= answer <= 1


@pytest.mark.parametrize("name", NAMES)
def test_one_row_is_enough_to_fit(name: str) -> None:
    item = shelf.load("metamodels", name)
    frame = pd.DataFrame({"cv": [0.7], "n_train": [32.0]})
    assert item.predict(item.fit(frame, [0.6], ["a"]), frame) == pytest.approx([0.6], abs=0.05)
