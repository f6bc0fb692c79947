"""An outcome measured from files is what scikit-learn's scores say of the deployed probe."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from charz.errors import InputError
from charz.steps import outcome, predict
from charz.steps._files import read


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "label"], *rows])
    return str(path)


@pytest.fixture
def files(tmp_path):
    words = {"good": "fine bright kind", "bad": "dull poor grim"}
    made = [
        (f"{words[label].split()[i % 3]} day {i} and {i % 7}", label)
        for i, label in enumerate(["good", "bad", "good"] * 20)
    ]
    return write(tmp_path / "train.csv", made[:40]), write(tmp_path / "eval.csv", made[40:])


SPEC = "random:hash?dims=16"


@pytest.fixture
def key(store, files):
    sample = read(SPEC, *files).sample
    columns = {
        "key": "k1", "metamodel_fingerprint": "f", "encoder_spec": SPEC,
        "sample_fingerprint": predict._files.fingerprint(sample), "metric": "accuracy",
        "value": 0.5, "low": 0.1, "high": 0.9, "level": 0.9, "support": 0.5, "baselines": {},
        "features": {}, "n_train": 40, "n_eval": 20, "at": None,
    }  # fmt: skip
    store.put("prediction", [columns])
    return "k1"


def test_it_measures_the_deployed_probe(store, files, key):
    found = outcome.measure(store, key, *files)
    made = read(SPEC, *files, eval_labelled=True)
    predicted = np.asarray(made.classes)[made.sample.head.probabilities[0].argmax(axis=1)]
    assert found["value"] == np.mean(predicted == np.asarray(made.eval_labels))
    assert store.get("outcome")["n_eval"] == 20


def test_other_files_are_refused(store, files, key):
    with pytest.raises(InputError, match="made from other texts"):
        outcome.measure(store, key, files[1], files[0])
    assert store.count("outcome") == 0


def test_a_label_unseen_in_training_is_refused(store, files, key, tmp_path):
    text = Path(files[1]).read_text(encoding="utf-8").replace(",bad", ",odd", 1)
    (tmp_path / "odd.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="'odd', unseen in training"):
        outcome.measure(store, key, files[0], str(tmp_path / "odd.csv"))
