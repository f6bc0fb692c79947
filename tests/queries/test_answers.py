"""Every analyst query against the same answer worked out from the flat rows."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.small_registry import SPECS

PLACE = ["dataset", "eval_dataset", "protocol", "n_train", "seed"]


def same(found, expected):
    expected = expected.reset_index(drop=True)[list(found.columns)]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_names=False)


def logistic(small):
    return small.cells[small.cells["probe"] == "logistic"]


def standard_error(values):
    return values.std(ddof=1) / math.sqrt(len(values))


def test_cell_is_the_flat_rows(ask, small):
    order = ["dataset", "encoder", "protocol", "n_train", "seed", "eval_dataset", "probe"]
    found = ask("cell").iloc[:, 3:]
    same(found, small.cells.sort_values(order))


@pytest.mark.parametrize("n", [None, 16, 64])
@pytest.mark.parametrize("shift", [False, True])
def test_leaderboard(ask, small, n, shift):
    found = ask("leaderboard", n=n, shift=shift)
    chosen = logistic(small).query("n_train == @n" if n else "n_train == 64")
    chosen = chosen[chosen["is_shift"] == shift]
    tasks = chosen.pivot_table(index="encoder", columns="dataset", values="accuracy")
    common = tasks.dropna(axis="columns")
    assert list(found["encoder"]) == list(common.mean(axis=1).sort_values().index[::-1])
    assert list(found["rank"]) == list(range(1, len(found) + 1))
    for _, row in found.iterrows():
        scores = common.loc[row["encoder"]]
        assert row["accuracy"] == pytest.approx(scores.mean())
        assert row["stderr"] == pytest.approx(standard_error(scores), nan_ok=True)
        assert row["n_tasks"] == len(scores)
        assert row["n_tasks_own"] == tasks.loc[row["encoder"]].count()
        cells = chosen[chosen["dataset"].isin(common) & (chosen["encoder"] == row["encoder"])]
        assert row["n_cells"] == len(cells)
        assert row["macro_f1"] == pytest.approx(cells.groupby("dataset")["macro_f1"].mean().mean())
        assert row["log_loss"] == pytest.approx(cells.groupby("dataset")["log_loss"].mean().mean())


def test_leaderboard_can_leave_out_encoders_with_few_tasks(ask):
    assert len(ask("leaderboard", n=16)) == 5
    assert list(ask("leaderboard", n=16)["n_tasks"].unique()) == [1]
    fewer = ask("leaderboard", n=16, least=2)
    assert sorted(fewer["encoder"]) == sorted(SPECS)
    assert list(fewer["n_tasks"].unique()) == [3]
    assert ask("leaderboard", protocol="shifted").empty
    assert len(ask("leaderboard", protocol="shifted", shift="true")) == 4


def test_learning_curve(ask, small):
    found = ask("learning_curve", encoder=SPECS[0], dataset="films")
    chosen = logistic(small).query("encoder == @SPECS[0] and dataset == 'films'")
    groups = chosen.groupby(["eval_dataset", "protocol", "n_train"])["accuracy"]
    expected = groups.agg(accuracy="mean", spread="std", n_seeds="count").reset_index()
    assert len(found) == 4
    same(found[list(expected.columns)], expected)
    gains = expected.groupby("eval_dataset")["accuracy"].diff() / 2  # 16 to 64: two doublings
    assert found["gain_per_doubling"].to_numpy() == pytest.approx(gains.to_numpy(), nan_ok=True)


def test_learning_curve_covers_everything_unasked(ask, small):
    keys = ["encoder", "dataset", "eval_dataset", "protocol", "n_train"]
    assert len(ask("learning_curve")) == len(logistic(small)[keys].drop_duplicates())


def test_layer_profile(ask, small):
    found = ask("layer_profile")
    means = logistic(small).query("lineage == 'alpha'").groupby("encoder")["accuracy"].mean()
    assert list(found["layer"]) == [1, 2]
    assert list(found["depth"]) == [0.5, 1.0]
    assert found["accuracy"].to_numpy() == pytest.approx(means.loc[SPECS[:2]].to_numpy())
    assert list(found["n_cells"]) == [16, 16]
    last = means[SPECS[1]]
    assert list(found["against_last"]) == pytest.approx([means[SPECS[0]] - last, 0])
    assert list(found["is_best"]) == list(means.loc[SPECS[:2]] == means.loc[SPECS[:2]].max())


@pytest.mark.parametrize("n", [None, 64])
def test_gain_over_random(ask, small, n):
    chosen = logistic(small).query("origin == 'measured'")
    chosen = chosen[chosen["n_train"] == n] if n else chosen
    wide = chosen.pivot_table(index=PLACE, columns="encoder", values="accuracy")
    for _, row in ask("gain_over_random", n=n).iterrows():
        if row["encoder"] == "imported:gamma":
            continue
        gains = (wide[row["encoder"]] - wide["random:hash"]).groupby("dataset").mean()
        assert row["gain"] == pytest.approx(gains.mean())
        assert row["stderr"] == pytest.approx(standard_error(gains))
        assert row["n_cells"] == len(wide)
        assert row["n_datasets"] == 3
        assert row["n_worse"] == (gains <= 0).sum()
        assert row["accuracy"] - row["control_accuracy"] == pytest.approx(row["gain"])


def test_seed_noise(ask, small):
    chosen = logistic(small).query("origin == 'measured'")
    keys = ["dataset", "eval_dataset", "n_train"]
    curves = chosen.groupby([*keys, "encoder"])["accuracy"].agg(["mean", "var"]).reset_index()
    expected = curves.groupby(keys).agg(accuracy=("mean", "mean"), variance=("var", "mean"))
    found = ask("seed_noise").set_index(keys)
    assert len(found) == len(expected) == 8
    for key, row in found.iterrows():
        assert row["n_curves"] == 4
        assert row["accuracy"] == pytest.approx(expected.loc[key, "accuracy"])
        assert row["seed_sd"] == pytest.approx(math.sqrt(expected.loc[key, "variance"]))
        means = curves.set_index(keys).loc[[key], "mean"]
        floor = math.sqrt((means * (1 - means) / 40).mean())
        assert row["binomial_sd"] == pytest.approx(floor)


def test_encoder_pairs(ask, small):
    chosen = logistic(small).query("origin == 'measured'")
    wide = chosen.pivot_table(index=PLACE, columns="encoder", values="accuracy")
    found = ask("encoder_pairs", z=0)
    found = found[~(found[["better", "worse"]] == "imported:gamma").any(axis=1)]
    pairs = {frozenset(pair) for pair in zip(found["better"], found["worse"], strict=True)}
    assert pairs == {frozenset(pair) for pair in itertools.combinations(SPECS, 2)}
    for _, row in found.iterrows():
        gains = (wide[row["better"]] - wide[row["worse"]]).groupby("dataset").mean()
        assert row["difference"] == pytest.approx(gains.mean())
        assert row["difference"] >= 0
        assert row["stderr"] == pytest.approx(standard_error(gains))
        assert row["z"] == pytest.approx(gains.mean() / standard_error(gains))
        assert row["n_wins"] == (gains > 0).sum()
        assert row["n_cells"] == len(wide)
    assert found["is_same_lineage"].sum() == 1
    clear = ask("encoder_pairs", z=10)
    assert 0 < len(clear) < len(found)
    wanted = found.query("z > 10")
    assert set(clear["better"] + clear["worse"]) == set(wanted["better"] + wanted["worse"])


def test_prediction_calibration(ask, small):
    found = ask("prediction_calibration")
    for _, row in found.iterrows():
        asked = small.predictions.query("level == @row.level")
        known = asked.dropna(subset="truth")
        error = known["value"] - known["truth"]
        assert (row["n_predictions"], row["n_outcomes"]) == (len(asked), len(known))
        assert row["coverage"] == pytest.approx(
            known["truth"].between(known.low, known.high).mean()
        )
        assert row["mae"] == pytest.approx(error.abs().mean())
        assert row["bias"] == pytest.approx(error.mean())
        assert row["width"] == pytest.approx(0.1)
        assert row["cv_mae"] == pytest.approx((error - 0.02).abs().mean())
        spread = math.sqrt(row["level"] * (1 - row["level"]) / len(known))
        assert row["coverage_stderr"] == pytest.approx(spread)
    assert list(found["level"]) == [0.5, 0.9]
    assert ask("prediction_calibration", metric="macro_f1").empty


def test_cost_vs_score(ask, small):
    found = ask("cost_vs_score").set_index("encoder")
    tasks = logistic(small).query("n_train == 64").groupby(["encoder", "dataset", "eval_dataset"])
    scores = tasks["accuracy"].mean().groupby("encoder").mean()
    assert found["accuracy"].sort_index().to_dict() == pytest.approx(scores.to_dict())
    assert set(found["n_tasks"]) == {4}
    for cost, flag in [("seconds_per_1k_tokens", "is_fastest"), ("n_parameters", "is_smallest")]:
        for encoder, row in found.iterrows():
            if pd.isna(row[cost]):
                assert pd.isna(row[flag])
                continue
            rivals = found.drop(encoder).dropna(subset=[cost])
            ahead = (rivals[cost] <= row[cost]) & (rivals["accuracy"] >= row["accuracy"])
            assert bool(row[flag]) == (not ahead.any())


def test_probe_comparison(ask, small):
    found = ask("probe_comparison").set_index("n_train")
    keys = ["encoder", *PLACE]
    measured = small.cells.query("origin == 'measured'")
    wide = measured.pivot_table(index=keys, columns="probe", values=["accuracy", "log_loss"])
    for n, row in found.iterrows():
        here = wide.xs(n, level="n_train")
        gain = here["accuracy"]["centroid"] - here["accuracy"]["logistic"]
        by_dataset = gain.groupby("dataset").mean()
        assert row["probe"] == "centroid"
        assert row["difference"] == pytest.approx(by_dataset.mean())
        assert row["stderr"] == pytest.approx(standard_error(by_dataset))
        assert row["win_share"] == pytest.approx((gain > 0).mean() + (gain == 0).mean() / 2)
        losses = here["log_loss"]["centroid"] - here["log_loss"]["logistic"]
        assert row["log_loss_difference"] == pytest.approx(losses.mean())
        assert row["accuracy"] == pytest.approx(here["accuracy"]["centroid"].mean())
        assert row["reference_accuracy"] == pytest.approx(here["accuracy"]["logistic"].mean())
        assert (row["n_cells"], row["n_datasets"]) == (32, 3)
        assert row["fit_seconds"] == pytest.approx(0.02)
    assert list(found.index) == [16, 64]


def test_heads_are_the_cells_of_a_protocol(ask, small):
    found = ask("heads", protocol="curve")
    keys = ["encoder", "dataset", "n_train", "seed", "n_eval"]
    cells = small.cells.query("protocol == 'curve'").rename(columns={"probe": "head"})
    both = found.merge(cells, on=[*keys, "head"], suffixes=("", "_flat"))
    assert len(found) == len(cells) == len(both) > 0
    assert np.allclose(both["accuracy"], both["accuracy_flat"])
    assert (found["n_present"] == 2).all()
    assert found["majority_share"].between(0.5, 1).all()
    assert ask("heads").empty


def test_shift_drop(ask, small):
    found = ask("shift_drop")
    means = logistic(small).groupby(["encoder", "dataset", "eval_dataset", "n_train"])
    means = means[["accuracy", "cv_accuracy"]].mean()
    assert len(found) == 8
    for _, row in found.iterrows():
        same_domain = means.loc[(row["encoder"], "films", "films", row["n_train"])]
        shifted = means.loc[(row["encoder"], "films", "books", row["n_train"])]
        assert row["same_accuracy"] == pytest.approx(same_domain["accuracy"])
        assert row["shifted_accuracy"] == pytest.approx(shifted["accuracy"])
        assert row["loss"] == pytest.approx(same_domain["accuracy"] - shifted["accuracy"])
        assert row["cv_accuracy"] == pytest.approx(shifted["cv_accuracy"])


def with_accuracy(small):
    keys = ["encoder", *PLACE]
    return small.measures.merge(logistic(small)[[*keys, "accuracy"]], on=keys)


def test_feature_correlation(ask, small):
    found = ask("feature_correlation").set_index("feature")
    samples = with_accuracy(small)
    assert set(found.index) == {"n_train", "spread", "cv", "atc"}
    for feature, row in found.iterrows():
        here = samples[samples["feature"] == feature]
        defined = here.dropna(subset="value")
        assert (row["n_samples"], row["n_undefined"]) == (len(defined), len(here) - len(defined))
        if defined["value"].min() == defined["value"].max():
            assert row[["pearson", "spearman", "pearson_within"]].isna().all()
            continue
        x, y = defined["value"], defined["accuracy"]
        assert row["pearson"] == pytest.approx(stats.pearsonr(x, y).statistic)
        assert row["spearman"] == pytest.approx(stats.spearmanr(x, y).statistic)
        left = defined[["value", "accuracy"]] - defined.groupby("dataset")[
            ["value", "accuracy"]
        ].transform("mean")
        within = stats.pearsonr(left["value"], left["accuracy"]).statistic
        assert row["pearson_within"] == pytest.approx(within)


def test_estimator_error(ask, small):
    found = ask("estimator_error")
    samples = with_accuracy(small)
    assert len(found) == 8
    for _, row in found.iterrows():
        here = samples[
            (samples["feature"] == row["estimator"]) & (samples["n_train"] == row["n_train"])
        ]
        here = here[(here["eval_dataset"] != here["dataset"]) == row["is_shift"]]
        error = (here["value"] - here["accuracy"]).dropna()
        assert row["n_samples"] == len(error)
        assert row["n_undefined"] == len(here) - len(error)
        assert row["mae"] == pytest.approx(error.abs().mean())
        assert row["bias"] == pytest.approx(error.mean())
        assert row["rmse"] == pytest.approx(math.sqrt((error**2).mean()))
        rate = here["accuracy"]
        spread = np.sqrt(rate * (1 - rate) / here["n_eval"])
        assert row["noise_floor"] == pytest.approx((spread * math.sqrt(2 / math.pi)).mean())
        assert row["n_datasets"] == here["dataset"].nunique()


def test_feature_summary(ask, small):
    found = ask("feature_summary").set_index("feature")
    for feature, values in small.measures.groupby("feature")["value"]:
        row = found.loc[feature]
        assert (row["n_samples"], row["n_undefined"]) == (64, values.isna().sum())
        expected = values.agg(["min", "median", "max", "mean", "std"])
        assert row[["low", "median", "high", "mean", "sd"]].tolist() == pytest.approx(
            expected.tolist(), abs=1e-12
        )


def test_dataset_card(ask, small):
    found = ask("dataset_card").set_index("dataset")
    own = small.cells[~small.cells["is_shift"]]
    best = logistic(small).query("n_train == 64 and not is_shift")
    best = best.groupby(["dataset", "encoder"])["accuracy"].mean()
    for name, row in found.iterrows():
        assert (row["n_train"], row["n_test"], row["n_largest"]) == (100, 40, 64)
        assert row["majority_share"] == 25 / 40
        assert row["n_results"] == (own["dataset"] == name).sum()
        assert row["n_encoders"] == own.loc[own["dataset"] == name, "encoder"].nunique()
        assert row["best_encoder"] == best[name].idxmax()
        assert row["best_accuracy"] == pytest.approx(best[name].max())
    assert list(ask("dataset_card", dataset="news")["label_family"].isna()) == [True]


def test_encoder_card(ask, small):
    found = ask("encoder_card").set_index("encoder")
    places = logistic(small).copy()
    by_place = places.groupby(PLACE)["accuracy"]
    places["rank"] = by_place.rank(method="min", ascending=False)
    for encoder, row in found.iterrows():
        here = places[places["encoder"] == encoder]
        assert row["mean_rank"] == pytest.approx(here["rank"].mean())
        assert row["n_places"] == len(here)
        assert row["n_results"] == (small.cells["encoder"] == encoder).sum()
    assert found.loc["imported:gamma", "n_datasets_embedded"] == 0
    assert found.loc[SPECS[0], "n_datasets_embedded"] == 3
    assert found.loc[SPECS[0], "n_tokens"] == 1000 * sum(range(1, 7))
    assert len(ask("encoder_card", encoder=SPECS[2])) == 1


def test_run_history(ask, small):
    found = ask("run_history")
    assert list(found["status"]) == ["done", "failed", "running"]
    assert found["seconds"].tolist() == pytest.approx([90, 10, math.nan], nan_ok=True)
    assert list(found["n_results"]) == [len(small.cells), 0, 0]
    assert list(found["n_feature_values"]) == [len(small.measures), 0, 0]
    assert list(found["n_embeddings"]) == [24, 0, 0]
    assert list(found["n_predictions"]) == [len(small.predictions), 0, 0]
    assert list(ask("run_history", command="probe")["run"]) == [2, 3]


def test_slowest_units(ask, small):
    found = ask("slowest_units")
    assert len(found) == 13
    assert found["total_seconds"].is_monotonic_decreasing
    for _, row in found.iterrows():
        here = small.cells.query("encoder == @row.encoder and dataset == @row.dataset")
        assert row["fit_seconds"] == pytest.approx(here["fit_seconds"].sum())
        assert row["n_fits"] == len(here)
    unit = found.query("encoder == @SPECS[3] and dataset == 'books'").iloc[0]
    assert unit["embed_seconds"] == pytest.approx(2 * 0.4 + 3 + 4)
    assert len(ask("slowest_units", top="3")) == 3


@pytest.mark.parametrize("without", [None, "reviews"])
def test_static_order(ask, small, without):
    chosen = logistic(small)
    chosen = chosen[chosen["group_name"] != without]
    wide = chosen.pivot_table(index=PLACE, columns="encoder", values="accuracy")
    found = ask("static_order", without_group=without)
    assert list(found["rank"]) == list(range(1, len(found) + 1))
    assert found["lead"].is_monotonic_decreasing
    for _, row in found.iterrows():
        others = wide.drop(columns=row["encoder"]).mean(axis=1)
        lead = (wide[row["encoder"]] - others).dropna()
        by_dataset = lead.groupby("dataset").mean()
        assert row["lead"] == pytest.approx(by_dataset.mean())
        assert row["stderr"] == pytest.approx(standard_error(by_dataset), nan_ok=True)
        assert row["n_cells"] == len(lead)
