"""Fit what `charz label` expects of more labels to the learning curves that ship with charz.

    python benchmarks/label_gain.py

Writes ``charz/acquisition/shipped/gain.json`` from ``charz/reference``, and prints errors, coverage
and what the stop rule costs: on groups held out five times, and on the fifth of the groups (by
hash) that the formula never saw.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from charz import paths
from charz.acquisition import _gain

SMALLEST, LARGEST = 16, 1024
"""Labels of the curves; the largest stands for the whole pool."""
LEVEL = 0.8
PENALTY = 1e-3
N_FOLDS = 5
MOST_COST = 1.3
"""Times the oracle's labels that the stop rule may use, for the sake of ending within reach."""
SHARES = tuple(np.round(np.arange(0.3, 1.01, 0.05), 2).tolist())
OUT = paths.PACKAGE / "acquisition" / "shipped" / "gain.json"


def untouched(group: str) -> bool:
    """Return whether a group is kept for the report."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 5 == 0


def curves(folder: Path = paths.PACKAGE / "reference") -> pd.DataFrame:
    """Return one row per sample and larger size of its curve: facts and the gain in points."""
    subsets = pd.read_parquet(folder / "subset.parquet")
    names = {name: pd.read_parquet(folder / f"{name}.parquet")
             for name in ("dataset", "encoder", "protocol", "probe")}  # fmt: skip
    mine = subsets[subsets.protocol.isin(["curve", "heads"]) & (subsets.role == "eval")]
    evals = mine.index[mine.n_rows == mine.groupby("labels_of").n_rows.transform("max")]
    logistic = names["probe"].index[names["probe"].spec == "logistic"][0]
    results = pd.read_parquet(
        folder / "result.parquet", filters=[("probe", "==", logistic)],
        columns=["encoder", "train_subset", "eval_subset", "accuracy", "accuracy_count"],
    )  # fmt: skip
    results = results[results.eval_subset.isin(evals)]
    share = results.accuracy_count / subsets.n_rows.reindex(results.eval_subset).to_numpy()
    results["score"] = 100 * results.accuracy.astype(float).fillna(share)
    results = _named(results, subsets)
    scores = results.groupby(["encoder", "dataset", "n"]).score.mean().reset_index()
    columns = ["encoder", "train_subset", "eval_subset", "n_classes", *_gain.FEATURES]
    samples = pd.read_parquet(folder / "feature_value.parquet", columns=columns)
    samples = _named(samples[samples.eval_subset.isin(evals)], subsets)
    control = names["encoder"].is_control
    samples = samples[(samples.n >= SMALLEST) & ~samples.encoder.map(control)].dropna()
    later = scores[scores.n <= LARGEST].rename(columns={"n": "m", "score": "then"})
    rows = samples.merge(scores, on=["encoder", "dataset", "n"]).merge(later)
    rows = rows[rows.m > rows.n].reset_index(drop=True)
    rows["gain"] = rows.then - rows.score
    rows = rows.assign(**_gain.facts_of(rows, rows.n_classes))
    rows["group"] = rows.dataset.map(names["dataset"].set_index("name").group_name)
    return rows


def _named(rows: pd.DataFrame, subsets: pd.DataFrame) -> pd.DataFrame:
    train = subsets.loc[rows.train_subset]
    return rows.assign(dataset=train.labels_of.to_numpy(), n=train.n_rows.to_numpy(),
                       seed=train.seed.to_numpy())  # fmt: skip


def weights_of(rows: pd.DataFrame) -> np.ndarray:
    """Return a weight per row: every group counts once."""
    return (1 / rows.groupby("group").gain.transform("size")).to_numpy()


def fit(rows: pd.DataFrame) -> list[float]:
    """Return the formula's weights: least squares in which groups count once, lightly penalised."""
    X, w = _gain.terms(rows, rows.n.to_numpy(), rows.m.to_numpy()).T, weights_of(rows)
    unit = np.sqrt((w[:, None] * X**2).sum(axis=0) / w.sum())
    A = (X / unit).T @ (X / unit * w[:, None])
    A += PENALTY * np.trace(A) / len(A) * np.eye(len(A))
    return (np.linalg.solve(A, (X / unit).T @ (w * rows.gain)) / unit).tolist()


def answers(rows: pd.DataFrame, weights: list[float]) -> np.ndarray:
    """Return the expected gain of each row."""
    terms = _gain.terms(rows, rows.n.to_numpy(), rows.m.to_numpy())
    return np.maximum(np.asarray(weights) @ terms, 0)


def folds(groups: pd.Series) -> pd.Series:
    """Return the fold of each row: that of its group."""
    every = sorted(groups.unique())
    order = np.random.default_rng(0).permutation(len(every)) % N_FOLDS
    return groups.map(dict(zip(every, order, strict=True)))


def held_out(rows: pd.DataFrame) -> np.ndarray:
    """Return each row's expected gain by a formula that did not see its group."""
    found, fold = np.empty(len(rows)), folds(rows.group)
    for part in range(N_FOLDS):
        found[fold == part] = answers(rows[fold == part], fit(rows[fold != part]))
    return found


def quantiles(errors: np.ndarray, weights: np.ndarray, n_groups: int) -> tuple[float, float]:
    """Return the quantiles between which ``LEVEL`` of the errors lie, for one more group."""
    order = np.argsort(errors)
    sums = np.cumsum(weights[order]) / weights.sum()
    tail = max((1 - LEVEL) / 2 * (n_groups + 1) / n_groups - 1 / n_groups, 0)
    low, high = np.searchsorted(sums, [tail, 1 - tail])
    return float(errors[order][low]), float(errors[order][min(high, len(errors) - 1)])


def judge(name: str, rows: pd.DataFrame, value: np.ndarray, low: float, high: float) -> None:
    """Print errors and coverage by size, beside the mean gain of all groups at that size."""
    w, unit = weights_of(rows), _gain.scale(value)
    inside = (rows.gain >= value + low * unit) & (rows.gain <= value + high * unit)
    for n in (32, 64, 128, 256, 512):
        here = ((rows.n == n) & (rows.m == LARGEST)).to_numpy()
        mean = np.average(rows.gain[here], weights=w[here])
        print(f"{name} {n:4} to {LARGEST}: gain {mean:5.2f}, error "
              f"{np.average(np.abs(value - rows.gain)[here], weights=w[here]):.2f}, of the mean "
              f"{np.average(np.abs(mean - rows.gain)[here], weights=w[here]):.2f}, coverage "
              f"{np.average(inside[here], weights=w[here]):.2f}")  # fmt: skip


def stops(rows: pd.DataFrame, value: np.ndarray, within: float = 1.0) -> pd.DataFrame:
    """Return where each curve would be stopped, by share of ``within`` that is left to expect.

    Curves and expectations are taken as linear in log labels between their sizes. The oracle
    stops at the first size from which on the true curve stays within reach of its end.
    """
    whole = rows.assign(value=value)[rows.m == LARGEST]
    found = []
    for (_, _, _, group), curve in whole.groupby(["encoder", "dataset", "seed", "group"]):
        curve = curve.sort_values("n")
        grid = np.arange(np.log2(curve.n.iloc[0]), np.log2(LARGEST) + 1e-9, 0.05)
        size = np.log2([*curve.n, LARGEST])
        true = np.interp(grid, size, [*curve.gain, 0])
        told = np.interp(grid, size, [*curve.value, 0])
        stays = np.maximum.accumulate(true[::-1])[::-1] <= within
        oracle = 2 ** grid[stays.argmax()]
        for share in SHARES:
            at = grid[(told < share * within).argmax()]
            found.append((group, share, 2**at, oracle, np.interp(at, grid, true)))
    table = pd.DataFrame(found, columns=["group", "share", "labels", "oracle", "short"])
    return table.assign(within=table.short <= within)


def cost(table: pd.DataFrame) -> float:
    """Return the labels used over those of the oracle, of means in which groups count once."""
    by = table.groupby("group")[["labels", "oracle"]].mean().mean()
    return float(by.labels / by.oracle)


def careful(table: pd.DataFrame) -> float:
    """Return the smallest share that costs at most `MOST_COST` times the oracle's labels."""
    costs = table.groupby("share").apply(cost, include_groups=False)
    return float(costs[costs <= MOST_COST].index.min())


def told_stops(name: str, table: pd.DataFrame, within: float) -> None:
    """Print what stopping costs and how often it ends within reach."""
    by = table.groupby("group")[["labels", "oracle", "short", "within"]].mean().mean()
    print(
        f"{name} stop at {within:g}: {by.labels:.0f} labels, oracle {by.oracle:.0f}, ratio of "
        f"means {cost(table):.2f}, median {(table.labels / table.oracle).median():.2f}; "
        f"{by.short:.2f} points short of the end, within {within:g} in {by.within:.0%}"
    )


def main() -> None:
    """Fit, write, judge."""
    rows = curves()
    kept = rows.group.map(untouched)
    known, new = rows[~kept].reset_index(drop=True), rows[kept].reset_index(drop=True)
    value, n_groups = held_out(known), known.group.nunique()
    errors = ((known.gain - value) / _gain.scale(value)).to_numpy()
    low, high = quantiles(errors, weights_of(known), n_groups)
    weights = fit(known)
    judge("held out", known, value, low, high)
    judge("untouched", new, answers(new, weights), low, high)
    table = stops(known, value)
    fold, share = folds(table.group), careful(table)
    own = fold.map({part: careful(table[fold != part]) for part in range(N_FOLDS)})
    told_stops("held out", table[table.share == own], 1.0)
    for within in (0.5, 1.0, 2.0):
        of = stops(new, answers(new, weights), within)
        told_stops("untouched", of[of.share == share], within)
        told_stops("untouched, by the mean alone,", of[of.share == 1.0], within)
    OUT.parent.mkdir(exist_ok=True)
    made = {"level": LEVEL, "low": low, "high": high, "stop_share": share, "weights": weights,
            "n_rows": len(known), "n_groups": n_groups,
            "made_by": "python benchmarks/label_gain.py"}  # fmt: skip
    OUT.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
