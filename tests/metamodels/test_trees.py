"""Trees read back from plain arrays against scikit-learn itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

from charz.errors import InputError
from charz.metamodels import _trees


def holed(seed: int, n_rows: int = 600, n_columns: int = 7) -> np.ndarray:
    """Rows with ties, NaN in some columns, values beyond the training range."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns))
    X[:, 1] = np.round(X[:, 1])
    X[rng.random(n_rows) < 0.2, 2] = np.nan
    X[rng.random(n_rows) < 0.9, 3] = np.nan
    return X


def target(X: np.ndarray) -> np.ndarray:
    return np.nan_to_num(X[:, 0] * X[:, 1] + X[:, 2], nan=3.0)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_boosting_is_bit_for_bit_scikit_learn(loss: str) -> None:
    X, new = holed(0), 3 * holed(1)
    model = HistGradientBoostingRegressor(max_iter=60, loss=loss, max_features=0.5, random_state=0)
    model.fit(X, target(X))
    arrays = _trees.from_boosting(model)
    for rows in (X, new):
        assert np.array_equal(_trees.predict(arrays, rows), model.predict(rows))


def test_boosting_sends_missing_values_the_learned_way_when_none_were_seen() -> None:
    X = np.nan_to_num(holed(0))
    model = HistGradientBoostingRegressor(max_iter=30, random_state=0).fit(X, target(X))
    new = holed(1)
    assert np.array_equal(_trees.predict(_trees.from_boosting(model), new), model.predict(new))


def test_extra_trees_are_bit_for_bit_scikit_learn() -> None:
    X = holed(0).astype(np.float32)
    model = ExtraTreesRegressor(40, max_features=0.5, min_samples_leaf=3, random_state=0)
    model.fit(X, target(X))
    new = (3 * holed(1)).astype(np.float32)
    answer = _trees.predict(_trees.from_forest(model), new.astype(np.float64))
    assert np.array_equal(answer, model.predict(new))


def test_trees_of_several_outputs_answer_as_scikit_learns() -> None:
    X = holed(0).astype(np.float32)
    Y = np.column_stack([target(X), -2 * target(X), np.nan_to_num(X[:, 0])])
    model = ExtraTreesRegressor(20, min_samples_leaf=3, random_state=0).fit(X, Y)
    arrays = _trees.from_forest(model)
    assert arrays["tree_value"].shape[1:] == (3,)
    answer = _trees.predict(arrays, X.astype(np.float64))
    np.testing.assert_allclose(answer, model.predict(X), rtol=1e-12, atol=1e-12)


def test_a_stump_reads_by_hand() -> None:
    arrays = {
        "tree_first": np.array([0]),
        "tree_feature": np.array([0, -1, -1]),
        "tree_threshold": np.array([1.0, 0.0, 0.0]),
        "tree_left": np.array([1, 0, 0]),
        "tree_right": np.array([2, 0, 0]),
        "tree_missing_left": np.array([True, False, False]),
        "tree_value": np.array([9.0, -2.0, 5.0]),
        "tree_start": np.array(10.0),
        "tree_divisor": np.array(1.0),
    }
    X = np.array([[0.0], [1.0], [1.5], [np.nan]])
    assert _trees.predict(arrays, X).tolist() == [8.0, 8.0, 15.0, 8.0]
    arrays["tree_right"] = np.array([0, 0, 0])
    with pytest.raises(InputError, match="leads back"):
        _trees.predict(arrays, X)


def test_a_tree_in_blocks_answers_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    X = holed(0)
    model = HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(X, target(X))
    arrays = _trees.from_boosting(model)
    whole = _trees.predict(arrays, X)
    monkeypatch.setattr(_trees, "BLOCK", 7)
    assert np.array_equal(_trees.predict(arrays, X), whole)
    assert _trees.predict(arrays, X[:0]).shape == (0,)


def test_arrays_survive_a_file_without_pickle() -> None:
    X = holed(0)
    model = HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(X, target(X))
    arrays = _trees.from_boosting(model)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        back = dict(loaded)
    assert np.array_equal(_trees.predict(back, X), _trees.predict(arrays, X))
