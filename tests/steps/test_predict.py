from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import sqlalchemy as sa

from charz import encoders, shelf
from charz.errors import InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import _files, predict
from tests import tiny

SPEC = "random:hash?dims=32"


@pytest.fixture
def task(tmp_path):
    """Labelled and unlabelled rows of a dataset that the registry knows as books."""
    train, unlabelled = tiny.rows("books", 30, 7), tiny.rows("books", 40, 8)
    return {
        "train": str(tiny.write(tmp_path / "train.csv", train)),
        "eval": str(tiny.write(tmp_path / "eval.csv", [{"text": r["text"]} for r in unlabelled])),
        "rows": train,
        "texts": [row["text"] for row in unlabelled],
    }


def files(store, task, **options):
    return predict.files(store, encoder=SPEC, train=task["train"], eval=task["eval"], **options)


def vectors(texts):
    specs = encoders.expand(SPEC)
    return shelf.load("encoders", "random").load(specs).encode(texts)[0]


def labelled(task, y=None):
    X = vectors([row["text"] for row in task["rows"]])
    y = [row["label"] for row in task["rows"]] if y is None else y
    return _files.labelled(X, y, vectors(task["texts"])).sample


def bare(forecast):
    return replace(forecast, provenance={})


def test_files_and_arrays_agree(finished, task):
    (told,) = files(finished, task)
    sample = labelled(task)
    (again,) = predict.arrays(finished, sample, encoder=told.provenance["encoder"])
    assert bare(told) == bare(again)
    assert told.provenance["key"] == again.provenance["key"]
    assert (told.n_train, told.n_eval) == (30, 40)
    assert 0 <= told.low <= told.value <= told.high <= 1
    assert {"constant", "cv"} <= told.baselines.keys()


def test_what_is_stored_is_what_was_told_and_once(finished, task):
    (told,) = files(finished, task)
    (again,) = files(finished, task)
    assert told == again
    (row,) = finished.rows(sa.select(TABLES["prediction"]))
    assert row["key"] == told.provenance["key"]
    assert [row[name] for name in ("value", "low", "high", "support", "level")] == [
        told.value, told.low, told.high, told.support, told.level
    ]  # fmt: skip
    assert row["baselines"] == dict(told.baselines)
    assert row["encoder_spec"] == SPEC
    assert row["features"]["n_train"] == 30
    assert row["metamodel_fingerprint"] == predict.packaged("accuracy").fingerprint
    assert row["metamodel_id"] is None
    assert row["features"]["domain"] == told.provenance["domain"] == "unknown"
    files(finished, task, level=0.5)
    assert finished.count("prediction") == 2


def test_what_is_said_of_the_domain_moves_and_marks_the_forecast(finished, task):
    found = {name: files(finished, task, domain=name)[0] for name in ("unknown", "same", "other")}
    assert found["unknown"] == files(finished, task)[0]
    assert len({each.value for each in found.values()}) == 3
    value = {name: each.value for name, each in found.items()}
    assert min(value["same"], value["other"]) < value["unknown"]
    assert value["unknown"] < max(value["same"], value["other"])
    assert len({each.provenance["key"] for each in found.values()}) == 3
    for name, each in found.items():
        assert each.provenance["domain"] == name
        assert finished.get("prediction", key=each.provenance["key"])["features"]["domain"] == name
        (again,) = predict.arrays(finished, labelled(task), domain=name, encoder=SPEC)
        assert bare(again) == bare(each)
        one = predict.forecast(labelled(task), predict.packaged("accuracy"), domain=name)
        assert one.value == pytest.approx(each.value, abs=1e-3)
    assert finished.count("prediction") == 3


def test_a_wrong_domain_is_one_clear_error(finished, task):
    sample, X = labelled(task), vectors(task["texts"])
    for ask in (
        lambda: files(finished, task, domain="shift"),
        lambda: predict.arrays(finished, sample, domain="shift"),
        lambda: predict.forecast(sample, predict.packaged("accuracy"), domain="shift"),
        lambda: predict.predict_performance(X, np.arange(40) % 2, X, domain="shift"),
    ):
        with pytest.raises(UnknownNameError, match="'shift'; choose unknown, same or other"):
            ask()
    assert finished.count("prediction") == 0


def test_whoever_has_seen_more_groups_answers(finished, task):
    own, shipped = predict.newest(finished, "accuracy"), predict.packaged("accuracy")
    assert own is not None
    assert own.n_groups < shipped.n_groups
    assert predict.best(finished, "accuracy") is shipped
    (told,) = predict.arrays(finished, labelled(task), bundle=own)
    stored = finished.get("prediction", key=told.provenance["key"])
    assert finished.get("metamodel", id=stored["metamodel_id"])["n_groups"] == own.n_groups


def test_higher_levels_are_wider(finished, task):
    ends = [files(finished, task, level=level)[0] for level in (0.5, 0.8, 0.95)]
    for narrow, wide in pairwise(ends):
        assert wide.low <= narrow.low <= narrow.high <= wide.high
        assert wide.value == narrow.value


def test_targets_at_larger_sizes(finished, task):
    now, later, last = files(finished, task, at=[60, 200])
    assert (now.at, later.at, last.at) == (None, 60, 200)
    assert len({each.provenance["key"] for each in (now, later, last)}) == 3
    (same,) = predict.arrays(finished, labelled(task), at=[30])[1:]
    assert same.value == now.value


def test_the_order_of_rows_hardly_matters(finished, task, tmp_path):
    (plain,) = files(finished, task)
    chance = np.random.default_rng(0)
    for turn in range(3):
        rows = [task["rows"][i] for i in chance.permutation(len(task["rows"]))]
        texts = [{"text": task["texts"][i]} for i in chance.permutation(len(task["texts"]))]
        train = tiny.write(tmp_path / f"train{turn}.csv", rows)
        (other,) = files(finished, task | {"train": str(train)})
        assert other.value == pytest.approx(plain.value, abs=1e-3)
        unlabelled = tiny.write(tmp_path / f"eval{turn}.csv", texts)
        (other,) = files(finished, task | {"train": str(train), "eval": str(unlabelled)})
        assert other.value == pytest.approx(plain.value, abs=1e-3)


def test_classes_are_told_apart_not_read(finished, task):
    (told,) = predict.arrays(finished, labelled(task))
    order = sorted({row["label"] for row in task["rows"]})
    codes = np.array([order.index(row["label"]) for row in task["rows"]])
    for names in ([0, 1, 2], [10, 200, 3000], ["a", "b", "c"], ["Ä", "Ö", "Ü"]):
        (other,) = predict.arrays(finished, labelled(task, np.array(names)[codes]))
        assert bare(other) == bare(told)
    with pytest.raises(InputError, match="1 class"):
        labelled(task, np.zeros(30))
    with pytest.raises(InputError, match="missing labels"):
        labelled(task, [None, *range(29)])


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, float("nan")])
def test_levels_have_bounds(finished, task, level):
    with pytest.raises(InputError, match="level"):
        files(finished, task, level=level)
    assert finished.count("prediction") == 0


def test_what_cannot_be_predicted_is_refused(finished, task, tmp_path):
    one = tiny.write(tmp_path / "one.csv", [row | {"label": "x"} for row in task["rows"]])
    with pytest.raises(InputError, match="'x' only"):
        files(finished, task | {"train": str(one)})
    with pytest.raises(InputError, match="at=10"):
        files(finished, task, at=[10])
    with pytest.raises(UnknownNameError, match="acuracy"):
        files(finished, task, metric="acuracy")
    pairs = tiny.write(tmp_path / "pairs.csv", tiny.rows("news-pairs", 20, 0))
    with pytest.raises(InputError, match="pairs"):
        files(finished, task | {"train": str(pairs)})
    assert finished.count("prediction") == 0
