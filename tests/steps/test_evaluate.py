import numpy as np
import pytest
import sqlalchemy as sa

from charz.errors import InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import evaluate, fit, query, transfer

QUICK = {"metrics": ["accuracy"], "items": ["ridge"], "n_folds": 2}


def stored(store, table="evaluation"):
    rows = store.rows(sa.select(TABLES[table]).order_by(TABLES[table].c.id))
    return [{k: v for k, v in row.items() if k not in ("id", "run_id", "created_at")}
            for row in rows]  # fmt: skip


def test_rows_are_returned_and_stored(finished):
    found = evaluate.run(finished, **QUICK)
    assert stored(finished) == found.rows
    assert found.summary.done == len(found.rows) > 0
    assert {row["hold_out"] for row in found.rows} == {"groups", "lineages", "both"}
    assert {"ridge", "constant", "additive", "static_order", "cv"} <= {
        row["method"] for row in found.rows
    }
    assert {row["setting"] for row in found.rows} == {"same", "shift"}
    assert all(row["mae"] >= 0 and row["n_groups"] >= 1 for row in found.rows)
    shown = query.run(finished, "evaluation", parameters={"method": "cv", "bucket": "all"})
    wanted = [row for row in found.rows if (row["method"], row["bucket"]) == ("cv", "all")]
    assert sorted(shown["mae"]) == pytest.approx(sorted(row["mae"] for row in wanted))


def test_the_mixture_is_judged_as_told_the_domain_too(finished, tmp_path):
    asked = QUICK | {"items": ["mixture", "ridge"], "hold_outs": ["groups"]}
    found = evaluate.run(finished, **asked, figures=tmp_path / "drawn")
    assert stored(finished) == found.rows
    own = {method: [row for row in found.rows if row["method"] == method]
           for method in ("mixture", "mixture_told", "ridge")}  # fmt: skip
    assert len(own["mixture"]) == len(own["mixture_told"]) == len(own["ridge"]) > 0
    assert {row["kind"] for rows in own.values() for row in rows} == {"metamodel"}
    assert "ridge_told" not in {row["method"] for row in found.rows}
    assert "mixture_told" in (tmp_path / "drawn" / "accuracy-error-by-size.svg").read_text()


def test_evaluating_again_writes_the_same_rows(finished):
    first = evaluate.run(finished, **QUICK)
    again = evaluate.run(finished, **QUICK)
    assert first.rows == again.rows == stored(finished)


def test_baselines_are_judged_on_the_training_table(finished):
    table = fit.read(finished, "accuracy", reach=1)
    assert table.at_own_size.all()
    found = evaluate.run(finished, **QUICK, hold_outs=["groups"], least_eval=0)
    (cv,) = [row for row in found.rows if (row["method"], row["setting"], row["bucket"]) ==
             ("cv", "same", "all")]  # fmt: skip
    rows = (table.settings == "same") & np.isfinite(table.features["cv"].to_numpy())
    error = np.abs(table.features["cv"].to_numpy() - table.target)[rows]
    means = [error[table.groups[rows] == group].mean() for group in set(table.groups[rows])]
    assert cv["n_rows"] == rows.sum()
    assert cv["mae"] == pytest.approx(100 * np.mean(means))


def test_thinning_keeps_what_is_chosen_among_together(finished):
    place = ["dataset", "eval_dataset", "protocol", "seed", "eval_seed", "n_train", "n_eval"]
    whole = fit.read(finished, "accuracy", reach=1).keys.groupby(place).size()
    thin = fit.read(finished, "accuracy", reach=1, most_rows=20, apart=place).keys
    assert len(thin) == 20
    sizes = thin.groupby(place).size()
    assert (sizes < whole.loc[sizes.index]).sum() <= len(set(thin["eval_dataset"]))


def test_importance_and_pictures(finished, tmp_path):
    found = evaluate.run(
        finished, **QUICK, hold_outs=["groups"], importance=True, figures=tmp_path / "drawn"
    )
    assert stored(finished, "importance") == found.importance
    assert {"sizes", "cross-validation"} <= {row["family"] for row in found.importance}
    names = {path.name for path in found.pictures}
    assert {"accuracy-error-by-size.png", "accuracy-ridge-said-and-true.svg",
            "accuracy-ridge-importance.png"} <= names  # fmt: skip
    assert all(path.stat().st_size > 2000 for path in found.pictures)
    shown = query.run(finished, "importance")
    assert len(shown) == len(found.importance)


def test_rows_travel(finished, tmp_path):
    evaluate.run(finished, **QUICK, hold_outs=["groups"])
    transfer.export(finished, tmp_path / "out")
    import pyarrow.parquet as pq

    packed = pq.read_table(tmp_path / "out" / "evaluation.parquet")
    assert packed.num_rows == finished.count("evaluation")


def test_bad_requests_are_errors(finished, store):
    for wrong in ({"metrics": ["f2"]}, {"items": ["rigde"]}, {"hold_outs": ["group"]}):
        with pytest.raises(UnknownNameError):
            evaluate.run(finished, **(QUICK | wrong))
    with pytest.raises(InputError, match="not inside"):
        evaluate.run(finished, **QUICK, level=1.5)
    with pytest.raises(InputError, match="no measured sample"):
        evaluate.run(store, **QUICK)
