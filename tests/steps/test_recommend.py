"""Placing encoders, fronts, growth and warnings, against slow ways and by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from charz.completion import _gaussian, _model
from charz.completion._record import ENCODERS, blank
from charz.errors import InputError, UnknownNameError
from charz.pictures import front
from charz.records import Examples
from charz.steps import _lines, _placed, _placing, _ranking, _suspects, _trial, plan

NAMES = ("org/Mini-L6", "org/large", "other/tiny", "BAAI/bge-m3")
FACTS = blank(ENCODERS, NAMES)


def parsed(text):
    (asked,) = _placing.parse([text], FACTS)
    return str(asked.spec), asked.name, asked.how


def test_hub_ids_are_the_records_whatever_their_case():
    assert parsed("st:baai/BGE-M3") == ("st:baai/BGE-M3", "BAAI/bge-m3", "hub id")
    assert parsed("st:bge-m3")[1] is None  # another's
    assert parsed("st:BAAI/bge-m3?backend=onnx")[1] == "BAAI/bge-m3"
    assert parsed("st:BAAI/bge-m3?layer=3")[1] is None
    assert parsed("tfidf:")[1] is None


def test_a_name_may_be_told():
    assert parsed("st:/x/y=org/large") == ("st:/x/y", "org/large", "told")
    assert parsed("random:hash?dims=4=org/large")[1] == "org/large"
    assert parsed("st:BAAI/bge-m3?prompt=a/b")[:2] == ("st:BAAI/bge-m3?prompt=a/b", None)
    with pytest.raises(UnknownNameError, match="org/large"):
        parsed("st:/x/y=org/larg")


def test_two_specs_of_one_encoder_are_refused_and_one_twice_is_one():
    assert len(_placing.parse(["tfidf:", "tfidf:"], FACTS)) == 1
    with pytest.raises(InputError, match="both"):
        _placing.parse(["st:BAAI/bge-m3", "st:/x=BAAI/bge-m3"], FACTS)


def table_folder(folder, card="", n_dims=4):
    """Write a Model2Vec folder of three words."""
    save = pytest.importorskip("safetensors.numpy").save_file
    tokenizers = pytest.importorskip("tokenizers")
    folder.mkdir()
    words = {"[UNK]": 0, "good": 1, "bad": 2}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.save(str(folder / "tokenizer.json"))
    save({"embeddings": np.ones((3, n_dims), dtype=np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"normalize": True}))
    (folder / "README.md").write_text(card)
    return folder


def test_a_folder_is_recognised_by_its_card_or_name_and_not_by_its_base(tmp_path):
    for place, (name, card, how) in enumerate((
        ("mini-l6", "", "folder name"),
        ("a", "# org/Mini-L6\n", "card"),
        ("b", "text\nmodel = SentenceTransformer('org/Mini-L6')\n", "card"),
        ("models--org--Mini-L6", "", "hub id"),
    )):  # fmt: skip
        base = tmp_path / str(place)
        base.mkdir()
        folder = base / name
        if name.startswith("models--"):
            (folder / "snapshots").mkdir(parents=True)
            folder = folder / "snapshots" / ("0" * 40)
        assert parsed(f"static:{table_folder(folder, card)}")[1:] == ("org/Mini-L6", how)
    tuned = table_folder(tmp_path / "tuned", "---\nbase_model: org/Mini-L6\n---\n# mine\n")
    assert parsed(f"static:{tuned}")[1] is None


def test_a_folder_of_another_size_is_another_encoder(tmp_path):
    folder = table_folder(tmp_path / "mini-l6", n_dims=4)
    spec = _placing.EncoderSpec.parse(f"static:{folder}")
    for facts, name in (
        ({"n_dims": 4.0}, "org/Mini-L6"), ({"n_dims": 8.0}, None),
        ({"n_params": 12.5}, "org/Mini-L6"), ({"n_params": 24.0}, None),
    ):  # fmt: skip
        assert _placing.recognised(spec, FACTS.assign(**facts))[0] == name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=12))
def test_the_front_is_that_of_brute_force(points):
    table = pd.DataFrame(points, columns=["value", "n_params"], dtype=float)
    table.loc[len(table)] = [99.0, math.nan]
    slow = [
        math.isfinite(n) and not any(
            (other >= value and m < n) or (other > value and m <= n)
            for other, m in table.itertuples(index=False) if math.isfinite(m)
        )
        for value, n in table.itertuples(index=False)
    ]  # fmt: skip
    assert _ranking.on_front(table).tolist() == slow


def one(accuracy=0.6, value=0.7, low=0.6, high=0.8, n_own=160):
    return _trial.Measured("tfidf:", np.full(10, accuracy), 0.01, value, low, high, n_own, 0, 0.0,
                           100)  # fmt: skip


def test_growth_is_the_mean_difference_as_probits():
    found = _ranking.growth([one(), one(0.5, 0.55, 0.45, 0.65)], 2, 0.9)
    added = [norm.ppf(0.7) - norm.ppf(0.6), norm.ppf(0.55) - norm.ppf(0.5)]
    assert found.mean == pytest.approx(np.mean(added))
    sds = [(norm.ppf(high) - norm.ppf(low)) / (2 * norm.ppf(0.95))
           for low, high in ((0.6, 0.8), (0.45, 0.65))]  # fmt: skip
    between = max(_ranking.SPREAD**2 * math.log2(160 / 16), np.var(added, ddof=1))
    assert found.variance == pytest.approx(np.mean(np.square(sds)) + between)
    assert _ranking.growth([], 2, 0.9) is None


def test_names_of_one_dataset_are_found_among_training_data():
    facts = FACTS.assign(training_datasets=[
        ("Banking77Classification", "NQ"), ("NQ",), (), ("EmotionClassification.v2",)
    ])  # fmt: skip
    said = _suspects.warnings(facts, "PolyAI/banking77", ["mteb/EmotionClassification[default]"])
    assert [each["warning"] for each in said] == ["this task", None, "unknown", "near task"]
    assert said[0]["trained_on"] == ["Banking77Classification"]
    none = _suspects.warnings(facts, None, [])
    assert [each["warning"] for each in none] == [None, None, "unknown", None]


def test_rows_are_thinned_with_every_class():
    labels = tuple("common" if i % 50 else f"rare{i}" for i in range(5000))
    rows = Examples(tuple(map(str, range(5000))), labels)
    kept = _trial._thinned(rows, 500)
    assert set(kept.labels) == set(labels)
    assert 500 <= len(kept) <= 600 + 16
    assert _trial._thinned(rows, 5000) is rows


@pytest.mark.parametrize(("n", "said"), [(22_713_216, "23M"), (1.5e9, "1.5B"), (7e10, "70B")])
def test_sizes_are_said_shortly(n, said):
    assert front.size(n) == said


def test_pictures_refuse_nothing_to_draw_and_other_files(tmp_path):
    with pytest.raises(InputError, match="states its size"):
        front.save(front.of("nothing", []), tmp_path / "a.txt")
    with pytest.raises(InputError, match="is no picture"):
        front.save(front.of("nothing", []), tmp_path / "a.gif")


def line(goal_cost=(1.0, 1.0, 1.0), task="t", variance=(1.0, 0.5, 0.2)):
    joint = _gaussian.Gaussian(np.zeros(3), np.diag(variance))
    return _lines.Line(task, ["a", "b", "c"], joint, np.full(3, 0.01), np.array(goal_cost),
                       np.ones(3, dtype=bool), {})  # fmt: skip


def test_a_plan_takes_the_most_per_second_and_what_fits():
    costly = [line((10.0, 1.0, 1.0))]
    chosen = plan._chosen(costly, "fill", plan.Budget())
    assert [cell.place for cell in chosen.cells] == [1, 2, 0]
    short = plan._chosen(costly, "fill", plan.Budget(seconds=5))
    assert ([cell.place for cell in short.cells], short.is_worth) == ([1, 2], True)
    both = plan._chosen([line(), line(task="u", variance=(3.0, 0.1, 0.1))], "fill",
                        plan.Budget(cells=2))  # fmt: skip
    assert [(cell.line.task, cell.place) for cell in both.cells] == [("u", 0), ("t", 0)]


def test_a_cell_that_was_planned_leaves_only_its_noise():
    after = line().after(0)
    assert after.joint.covariance[0, 0] == pytest.approx(1 - 1 / 1.01)
    assert after.joint.covariance[1, 1] == 0.5
    assert not after.allowed[0]


def test_conditions_that_nothing_meets_and_unknown_languages():
    model = _model.Model("kernel", "", 0, FACTS, FACTS, {}, np.ones(1), {})
    with pytest.raises(InputError, match="meets max_params"):
        _placed.kept(model, {"max_params": 5.0})
    known = _model.Model("kernel", "", 0, FACTS.assign(languages=[("eng",)] * 4), FACTS, {},
                         np.ones(1), {})  # fmt: skip
    with pytest.raises(UnknownNameError, match="eng"):
        _placed.kept(known, {"language": "enk"})
    mask, left_out = _placed.kept(known, {"language": "eng"})
    assert (mask.all(), left_out) == (True, {"language": 0})
