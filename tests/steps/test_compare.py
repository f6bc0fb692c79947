"""Comparing probes row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

import charz
from charz import paired
from charz.errors import InputError
from charz.steps import compare
from tests import tiny


def spaces(n=240, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return [rng.normal(size=(n, 4)) + apart * y[:, None] for apart in (1.5, 0.4)], y


def test_eval_rows_are_counted_one_by_one():
    (good, poor), y = spaces()
    found = charz.compare_probes([good[:120], poor[:120]], y[:120], [good[120:], poor[120:]],
                                 y[120:])  # fmt: skip
    rights = [
        RidgeClassifier(alpha=1.0).fit(X[:120], y[:120]).predict(X[120:]) == y[120:]
        for X in (good, poor)
    ]
    assert found.accuracies == pytest.approx([right.mean() for right in rights], abs=0.06)
    assert found.difference == pytest.approx(found.accuracies[0] - found.accuracies[1])
    assert found.difference == pytest.approx(found.only_first - found.only_second)
    a, b = round(120 * found.only_first), round(120 * found.only_second)
    assert found.p_value == paired.p_value(a, b)
    assert (found.low, found.high) == paired.interval(a, b, 120, 0.95)
    assert (found.n_train, found.n_eval, found.source) == (120, 120, "eval")
    assert found.n_needed == paired.rows_needed(found.only_first, found.only_second)
    assert found.n_low <= found.n_needed <= found.n_high


def test_sides_and_rows_can_be_turned():
    (good, poor), y = spaces(120)
    plain = charz.compare_probes([good, poor], y)
    turned = charz.compare_probes([good[::-1], poor[::-1]], y[::-1])
    assert turned == plain
    with_names = charz.compare_probes([good, good], y)
    assert with_names.difference == 0
    assert with_names.p_value == 1
    assert (with_names.n_needed, with_names.n_high) == (None, None)


def test_two_heads_on_one_encoder():
    (good, _), y = spaces(120)
    found = charz.compare_probes([good], y, probes=["logistic", "majority"])
    assert found.accuracies[0] > found.accuracies[1]
    assert found.p_value < 0.05


def test_labels_settle_what_they_say_they_do():
    rng = np.random.default_rng(0)
    first, second = 0.14, 0.08
    n = paired.rows_needed(first, second)
    shown = 0
    for a, b, _ in rng.multinomial(n, [first, second, 1 - first - second], size=400):
        shown += a > b and paired.p_value(int(a), int(b)) <= 0.05
    assert shown / 400 == pytest.approx(0.8, abs=0.06)


def test_what_cannot_be_compared_is_named():
    (good, poor), y = spaces(40)
    with pytest.raises(InputError, match="one thing"):
        charz.compare_probes([good], y)
    with pytest.raises(InputError, match="3 encoders"):
        charz.compare_probes([good, poor, good], y)
    with pytest.raises(InputError, match="both, or neither"):
        charz.compare_probes([good, poor], y, [good, poor])
    with pytest.raises(InputError, match="rows"):
        charz.compare_probes([good, poor[:30]], y)
    with pytest.raises(InputError, match="1 class"):
        charz.compare_probes([good, poor], np.zeros(40))
    with pytest.raises(InputError, match="unseen"):
        charz.compare_probes([good, poor], y, [good, poor], y + 5)
    with pytest.raises(InputError, match="level"):
        charz.compare_probes([good, poor], y, level=1.0)
    with pytest.raises(InputError, match="same rows"):
        compare.judged([True], [True, False])


def test_files_are_read_once_for_each_encoder(tmp_path):
    train = str(tiny.write(tmp_path / "train.csv", tiny.rows("books", 45, 7)))
    eval_ = str(tiny.write(tmp_path / "eval.csv", tiny.rows("books", 60, 8)))
    specs = ["tfidf:?dims=16", "random:hash?dims=32"]
    found = compare.files(encoders=specs, train=train, eval=eval_)
    again = compare.files(encoders=specs[::-1], train=train, eval=eval_)
    assert found.names == tuple(specs)
    assert found.n_eval == 60
    assert again.difference == pytest.approx(-found.difference)
    alone = compare.files(encoders=specs, train=train)
    assert (alone.source, alone.n_eval) == ("cv", 45)
    heads = compare.files(encoders=specs[:1], train=train, probes=["logistic", "ridge"])
    assert heads.names == ("logistic", "ridge")
    assert replace(heads, provenance={}).source == "cv"
