"""Coverage of a domain, from arrays and files."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest

import charz
from charz.errors import InputError
from tests import tiny


def domain(seed=0):
    """Return labelled rows of one place, and eval rows of it and of a far one."""
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 6)) + 3 * y[:, None]
    new = rng.normal(size=(90, 6)) + 3 * (np.arange(90) % 2)[:, None]
    far = rng.normal(size=(70, 6)) + np.array([0, 0, 0, 0, 0, 30])
    texts = ["old thing here"] * 90 + ["strange novelty there"] * 70
    return X, y, np.vstack([new, far]), texts


def numbers(found):
    return [asdict(region) for region in found.regions]


def test_the_far_place_is_empty_named_and_expected_to_err_more():
    X, y, Z, texts = domain()
    found = charz.coverage(X, y, Z, texts, n_regions=2)
    far = next(region for region in found.regions if region.n_eval == 70)
    near = next(region for region in found.regions if region.n_eval == 90)
    assert (far.status, far.n_train, far.covered) == ("empty", 0, 0.0)
    assert far.nearest > 3 > near.nearest
    assert "novelty" in far.name
    assert "novelty" not in near.name
    assert far.examples == ("strange novelty there",)
    assert near.status == "covered"
    assert near.accuracy > far.accuracy
    for region in found.regions:
        assert 0 <= region.low <= region.accuracy <= region.high <= 1
    assert found.covered == pytest.approx((90 * near.covered) / 160)
    assert found.shift["domain_auc"] > 0.6
    assert any("1 of 2 regions have no labelled row" in note for note in found.notes)


def test_parts_add_up_to_the_whole():
    X, y, Z, texts = domain(1)
    found = charz.coverage(X, np.where(y, "yes", "no"), Z, texts)
    assert sum(region.n_eval for region in found.regions) == found.n_eval == len(Z)
    assert sum(region.n_train for region in found.regions) == found.n_train == len(X)
    for parts in (found.regions, found.classes):
        mean = sum(part.n_eval * part.covered for part in parts if part.n_eval) / len(Z)
        assert mean == pytest.approx(found.covered)
    weighted = sum(region.n_eval * region.accuracy for region in found.regions) / len(Z)
    assert weighted == pytest.approx(found.accuracy)
    assert [each.label for each in found.classes] == ["no", "yes"]


def test_order_of_rows_and_names_of_classes_change_nothing():
    X, y, Z, texts = domain(2)
    rng = np.random.default_rng(3)
    a, b = rng.permutation(len(X)), rng.permutation(len(Z))
    first = charz.coverage(X, y, Z, texts, n_regions=3)
    second = charz.coverage(X[a], y[a], Z[b], [texts[i] for i in b], n_regions=3)
    assert second.covered == first.covered
    for one, other in zip(first.regions, second.regions, strict=True):
        assert (one.name, one.status, one.n_eval, one.labels) == (
            other.name, other.status, other.n_eval, other.labels,
        )  # fmt: skip
        assert one.accuracy == pytest.approx(other.accuracy, abs=1e-6)


def test_four_rows_get_an_answer_with_notes():
    found = charz.coverage([[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1], [[0.5], [5.5], [40.0]])
    assert found.covered == pytest.approx(2 / 3)
    assert found.radius == pytest.approx(1.0)
    assert len(found.regions) == 1
    assert any("4 labelled rows" in note for note in found.notes)
    pair = charz.coverage([[0.0], [1.0]], ["a", "b"], [[0.5]])
    assert any("one labelled row" in note for note in pair.notes)


def test_duplicates_and_empty_texts_are_fine():
    found = charz.coverage(np.ones((8, 3)), [0, 1] * 4, np.ones((5, 3)), [""] * 5, n_regions=4)
    assert (found.covered, len(found.regions)) == (1.0, 1)
    assert found.regions[0].name == ""
    assert found.regions[0].examples == ("",)


def test_what_cannot_be_answered_says_what_is_needed():
    X, y, Z, texts = domain()
    with pytest.raises(InputError, match="no eval rows; give unlabelled rows"):
        charz.coverage(X, y, [])
    with pytest.raises(InputError, match="1 class; label at least one row of a second"):
        charz.coverage(X, np.zeros(60), Z)
    with pytest.raises(InputError, match="159 texts for 160"):
        charz.coverage(X, y, Z, texts[1:])
    for wrong in ({"level": 1.0}, {"level": math.nan}, {"n_regions": 0}, {"quantile": 0.0}):
        with pytest.raises(InputError):
            charz.coverage(X, y, Z, **wrong)


def test_files_and_arrays_agree(tmp_path):
    from charz import encoders, shelf
    from charz.steps import coverage

    train, new = tiny.rows("books", 30, 7), tiny.rows("books", 40, 8)
    paths = {
        "train": str(tiny.write(tmp_path / "train.csv", train)),
        "eval": str(tiny.write(tmp_path / "eval.csv", [{"text": row["text"]} for row in new])),
    }
    told = coverage.files(encoder="random:hash?dims=16", **paths)
    loaded = shelf.load("encoders", "random").load(encoders.expand("random:hash?dims=16"))
    X, Z = (loaded.encode([row["text"] for row in part])[0] for part in (train, new))
    y, texts = [row["label"] for row in train], [row["text"] for row in new]
    found = charz.coverage(X, y, Z, texts)
    assert told.provenance["encoder"] == "random:hash?dims=16"
    assert replace(told, provenance={}) == replace(found, provenance={})
