"""The training table is what a merge of the flat rows in pandas gives."""

from __future__ import annotations

import pandas as pd
import pytest

from charz.warehouse import queryfile

KEYS = ["encoder", "dataset", "eval_dataset", "protocol", "seed", "n_train", "n_eval"]


def expected(small, probe):
    cells = small.cells.query("probe == @probe and origin == 'measured'")
    wide = small.measures.pivot_table(index=KEYS, columns="feature", values="value").add_prefix(
        "x_"
    )
    merged = cells.merge(wide.reset_index(), on=KEYS).drop(columns=["probe", "origin"])
    return merged.assign(n_target=merged["n_train"])


@pytest.mark.parametrize("probe", ["logistic", "centroid"])
def test_it_is_the_merge(ask, small, probe):
    table = ask("training_table", probe=probe)
    wanted = expected(small, probe)
    assert len(table) == 64
    assert {"x_n_train", "x_spread", "x_cv", "x_atc"} < set(table.columns)
    wanted = wanted.sort_values(KEYS).reset_index(drop=True)[list(table.columns)]
    table = table.sort_values(KEYS).reset_index(drop=True)
    pd.testing.assert_frame_equal(table, wanted, check_dtype=False)


def test_its_order_does_not_depend_on_the_order_of_writing(ask):
    table = ask("training_table")
    order = ["dataset", "encoder", "protocol", "n_train", "seed", "eval_dataset"]
    pd.testing.assert_frame_equal(table, table.sort_values(order, ignore_index=True))


def test_its_header_declares_all_but_the_features(ask):
    declared = [c.name for c in queryfile.parse(queryfile.read("training_table")).columns]
    assert [c for c in ask("training_table").columns if not c.startswith("x_")] == declared[:-1]


def test_reach_adds_the_scores_of_larger_subsets_of_the_seed(ask, small):
    own, far = ask("training_table"), ask("training_table", reach=1000)
    cells = small.cells.query("probe == 'logistic' and origin == 'measured'")
    same = [name for name in KEYS if name != "n_train"]
    pairs = own[KEYS].merge(cells[[*KEYS, "accuracy"]], on=same, suffixes=("", "_of_target"))
    wanted = pairs[pairs["n_train_of_target"] >= pairs["n_train"]]
    assert len(far) == len(wanted) > len(own)
    keys = [*KEYS, "n_target"]
    wanted = wanted.rename(columns={"n_train_of_target": "n_target"}).sort_values(keys)
    got = far.sort_values(keys)[[*keys, "accuracy"]]
    pd.testing.assert_frame_equal(
        got.reset_index(drop=True),
        wanted[[*keys, "accuracy"]].reset_index(drop=True),
        check_dtype=False,
    )
