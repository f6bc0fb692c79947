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
    return cells.merge(wide.reset_index(), on=KEYS).drop(columns=["probe", "origin"])


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
