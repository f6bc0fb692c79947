"""Simulate labelling with every strategy, fit `auto`, say how it does and draw it.

    python benchmarks/label.py REGISTRY [--dataset NAME ...] [--encoder SPEC ...]
                               [--strategy NAME ...] [--seeds N] [--no-measure] [--write]

REGISTRY holds embedded datasets. Simulated rows become subsets of protocols
``label/STRATEGY/ENCODER`` and their scores results: what is there is not measured again. Every
seed has a pool of its own, three quarters of the training split, and all strategies share it.
With ``--write`` the table goes to ``charz/acquisition/shipped/auto.json`` and the picture to
``docs/images/labelling.png``. Groups of the hash that `label_gain.untouched` keeps are neither
fitted on nor chosen by; they are reported last.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa
from label_gain import untouched
from scipy import stats

import charz
from charz import paths, pictures, shelf
from charz.acquisition import _auto, _gain
from charz.acquisition._pool import Pool
from charz.answers import Gain
from charz.pictures import labelling
from charz.samplers import _random
from charz.schema import Dataset, Encoder, Protocol, Result, Subset
from charz.steps import _arrays, _filters, label, probe, subset
from charz.store import Store

ROUNDS = (10, 20, 50, 100, 200)
BUDGETS = (50, 100, 200)
SHARE, N_SEEDS = 0.75, 4
ASKED = (50, 100)
"""Labels from which on the gain is foretold."""
PENALTY = 3.0
"""Of `auto`'s weights, in datasets' worth of standardised facts."""
MARGIN = 1.0
"""Points by which a strategy must be expected to gain more than the usual one."""
DRAWN = ("random", "uncertainty_herding", "max_herding", "typiclust", "diverse_margin", "margin",
         "badge")  # fmt: skip
OUT = paths.PACKAGE / "acquisition" / "shipped" / "auto.json"
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "labelling.png"
AREAS = [f"area_{budget}" for budget in BUDGETS]
POOL = ["dataset", "dataset_id", "group", "encoder"]


def measure(store: Store, given: argparse.Namespace) -> None:
    """Simulate and score what is not there yet, dataset by dataset."""
    for spec in _filters.encoders(store, given.encoder).values():
        for strategy in given.strategy or shelf.names("acquisition"):
            subset.protocol(
                store, f"label/{strategy}/{spec}", sampler="acquired",
                parameters={"strategy": strategy, "encoder": spec, "rounds": ROUNDS,
                            "share": SHARE},
                sizes=ROUNDS, n_seeds=given.seeds, probes=["logistic"],
            )  # fmt: skip
    for name in _filters.datasets(store, given.dataset).values():
        began = time.monotonic()
        done = [subset.run(store, datasets=[name])]
        done.append(probe.run(store, datasets=[name], protocols=["label/*"]))
        print(name, [(each.step, each.done, each.failed, each.notes[:1]) for each in done],
              f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


def results(store: Store) -> pd.DataFrame:
    """Return accuracy in points by dataset, encoder, strategy, seed and labels."""
    rows = store.rows(
        sa.select(
            Dataset.name.label("dataset"), Dataset.id.label("dataset_id"),
            Dataset.group_name.label("group"), Encoder.spec.label("encoder"),
            Protocol.parameters, Subset.seed, Result.n_train.label("n"), Result.accuracy,
        )
        .join_from(Result, Subset, Subset.id == Result.train_subset_id)
        .join(Dataset, Dataset.id == Subset.labels_of_id)
        .join(Encoder, Encoder.id == Result.encoder_id)
        .join(Protocol, Protocol.id == Subset.protocol_id)
        .where(Protocol.sampler == "acquired", Result.n_train.in_(ROUNDS))
    )  # fmt: skip
    found = pd.DataFrame([dict(row) for row in rows])
    found["strategy"] = [each["strategy"] for each in found.pop("parameters")]
    return found.assign(accuracy=100 * found.accuracy)


def areas(found: pd.DataFrame) -> pd.DataFrame:
    """Return each strategy's gain over random, in points of area, by pool and seed.

    The area under accuracy by labels, in labels, from 10 on, over its width, and the mean over
    the three budgets, less that of random labels of the same pool.
    """
    keys = [*POOL, "seed", "strategy"]
    wide = found.pivot_table(index=keys, columns="n", values="accuracy").dropna()
    for budget in BUDGETS:
        sizes = [n for n in ROUNDS if n <= budget]
        wide[f"area_{budget}"] = np.trapezoid(wide[sizes], sizes) / (budget - ROUNDS[0])
    scores = wide[AREAS].rename_axis(columns=None).assign(area=wide[AREAS].mean(axis=1))
    random = scores.xs("random", level="strategy")
    gains = scores.sub(random, axis=0).dropna().reset_index()
    return gains[gains.strategy != "random"]


def facts(store: Store, gains: pd.DataFrame) -> pd.DataFrame:
    """Return the facts of each (dataset, encoder)'s pool, as `auto` sees them."""
    none = np.array([], dtype=np.int64)
    rows = []
    for _, dataset_id, _, spec in gains[POOL].drop_duplicates().itertuples(index=False):
        X = _arrays.training_vectors(store, spec, dataset_id)
        known = _auto.facts(Pool(X.astype(np.float64), none, none, 1))
        rows.append({"dataset_id": dataset_id, "encoder": spec} | known)
    return pd.DataFrame(rows)


def fit(gains: pd.DataFrame, known: pd.DataFrame, margin: float = MARGIN) -> dict:
    """Return `auto`'s table: ridge regression of each strategy's gains on the facts."""
    rows = gains.merge(known, on=["dataset_id", "encoder"])
    X = rows[list(_auto.FACTS)].to_numpy()
    scale = (X.mean(axis=0), X.std(axis=0) + 1e-9)
    by_budget = {
        str(budget): {
            name: _weights(part, f"area_{budget}", scale) for name, part in rows.groupby("strategy")
        }
        for budget in BUDGETS
    }
    means = gains.groupby(["strategy", "dataset"]).area.mean().groupby("strategy").mean()
    edges = {"low": X.min(axis=0).tolist(), "high": X.max(axis=0).tolist()}
    counts = {"n_runs": len(gains), "n_datasets": int(gains.dataset.nunique())}
    return edges | counts | {"usual": means.idxmax(), "margin": margin, "gains": by_budget}


def _weights(part: pd.DataFrame, column: str, scale: tuple) -> list[float]:
    """Return intercept and slopes in which every dataset counts once."""
    middle, unit = scale
    weight = (1 / part.groupby("dataset")[column].transform("size")).to_numpy()
    Z = (part[list(_auto.FACTS)].to_numpy() - middle) / unit
    mean = float(np.average(part[column], weights=weight))
    A = (Z * weight[:, None]).T @ Z + PENALTY * part.dataset.nunique() * np.eye(Z.shape[1])
    slope = np.linalg.solve(A, (Z * weight[:, None]).T @ (part[column] - mean)) / unit
    return [mean - float(slope @ middle), *slope.tolist()]


def chosen(gains: pd.DataFrame, known: pd.DataFrame, table: dict) -> pd.DataFrame:
    """Return the gains of the strategies that `auto` takes by a table, as those of ``auto``."""
    told = known[list(_auto.FACTS)].to_dict("records")
    found = gains[[*POOL, "seed"]].drop_duplicates()
    for budget in BUDGETS:
        picked = [_auto.favoured(_auto.expected(row, budget, table), table) for row in told]
        mine = known[["dataset_id", "encoder"]].assign(strategy=picked)
        of = mine.merge(gains, on=["dataset_id", "encoder", "strategy"])
        keys = ["dataset_id", "encoder", "seed"]
        found = found.merge(of[[*keys, f"area_{budget}"]], on=keys)
    return found.assign(strategy="auto", area=found[AREAS].mean(axis=1))


def held_out(gains: pd.DataFrame, known: pd.DataFrame, margin: float = MARGIN) -> pd.DataFrame:
    """Return `auto`'s gains where each group is chosen for by a table that did not see it."""
    parts = []
    for group, mine in gains.groupby("group"):
        table = fit(gains[gains.group != group], known, margin)
        parts.append(chosen(mine, known[known.dataset_id.isin(mine.dataset_id)], table))
    return pd.concat(parts)


def report(title: str, every: pd.DataFrame) -> None:
    """Print each strategy's mean gain over datasets, its standard error and its worst dataset."""
    n = (every.group.nunique(), every.dataset.nunique(), every.encoder.nunique())
    print(f"\n{title}: {n[0]} groups, {n[1]} datasets, {n[2]} encoders; gain over random, points")
    for name, part in every.groupby("strategy"):
        by = part.groupby("dataset")[["area", *AREAS]].mean()
        error = part.groupby("group").area.mean().sem()
        budgets = " ".join(f"{by[column].mean():5.2f}" for column in AREAS)
        print(f"{name:20} {by.area.mean():6.2f} +- {error:.2f}  to 50/100/200: {budgets}  "
              f"below -0.5: {(by.area < -0.5).sum()}  worst {by.area.min():5.2f} "
              f"{by.area.idxmin()}")  # fmt: skip


def doubtful(auto: pd.DataFrame, usual: pd.DataFrame, least: float = 0.5) -> None:
    """Print, with 95% intervals, the datasets of the least gains and gains less the usual ones.

    A dataset's interval is that of seeds, each the mean over encoders, by Student's t; the
    difference's is that of groups.
    """
    for name, part in auto.groupby("dataset"):
        by = part.groupby("seed").area.mean()
        if by.mean() < least:
            print(f"{name}: {by.mean():.2f} in {_interval(by)}, {len(by)} seeds")
    keys = ["dataset", "group", "encoder", "seed"]
    pairs = auto.set_index(keys).area - usual.set_index(keys).area
    by = pairs.groupby("group").mean()
    print(f"less the usual strategy: {by.mean():.2f} in {_interval(by)}, {len(by)} groups")


def _interval(values: pd.Series) -> str:
    half = stats.t.ppf(0.975, len(values) - 1) * values.sem()
    return f"[{values.mean() - half:.2f}, {values.mean() + half:.2f}]"


def foretold(store: Store, found: pd.DataFrame) -> pd.DataFrame:
    """Return the gains to the last round that `charz label` expects, and those measured."""
    row = sa.select(
        Subset.id, Subset.n_rows.label("n"), Protocol.parameters, Subset.seed,
        Encoder.id.label("encoder_id"), Encoder.spec.label("encoder"),
        Dataset.id.label("dataset_id"), Dataset.n_classes,
    ).join(Protocol, Protocol.id == Subset.protocol_id).join(
        Encoder, Protocol.parameters["encoder"].as_string() == Encoder.spec
    ).join(Dataset, Dataset.id == Subset.labels_of_id).where(
        Protocol.sampler == "acquired", Subset.role == "train", Subset.seed == 0,
        Subset.n_rows.in_(ASKED),
    )  # fmt: skip
    told = pd.DataFrame([dict(each) for each in store.rows(row)])
    told["strategy"] = [each["strategy"] for each in told.pop("parameters")]
    told = told[told.strategy.isin(["random", "uncertainty_herding"])].reset_index(drop=True)
    gains = [_expected(store, row) for row in told.itertuples()]
    told = told.assign(**{name: [getattr(gain, name, np.nan) for gain in gains]
                          for name in ("value", "low", "high")})  # fmt: skip
    keys = [*POOL[:2], "group", "encoder", "strategy", "seed"]
    wide = found.pivot_table(index=keys, columns="n", values="accuracy").reset_index()
    told = told.merge(wide, on=["dataset_id", "encoder", "strategy", "seed"])
    told["gain"] = [row[ROUNDS[-1]] - row[row.n] for _, row in told.iterrows()]
    inside = (told.low <= told.gain) & (told.gain <= told.high)
    told = told.assign(expected=told.value, error=abs(told.value - told.gain), inside=inside)
    return told.dropna(subset=["expected", "gain"])


def _expected(store: Store, row: tuple) -> Gain | None:
    arrays = _arrays.Arrays(store, row.encoder_id, row.dataset_id)
    X, drawn = arrays.vectors(row.id), arrays.draw(row.id)
    part = np.sort(_random.permutation(len(X), row.seed, "pool")[: round(SHARE * len(X))])
    rows = np.searchsorted(part, drawn.rows)
    known = label._facts(Pool(X[part].astype(np.float64), rows, drawn.labels, row.n_classes))
    return _gain.gain(known, row.n, ROUNDS[-1]) if known is not None else None


def draw(found: pd.DataFrame, path: Path) -> None:
    """Draw mean accuracy by labels: the mean over datasets and encoders of each seed."""
    found = found[found.seed < N_SEEDS]
    by = found.groupby(["strategy", "n", "seed"]).accuracy.mean() / 100
    curves = {name: {n: by[name, n].tolist() for n in ROUNDS} for name in DRAWN}
    n_pools = len(found[["dataset", "encoder"]].drop_duplicates())
    chart = labelling.strategies(
        curves, "Labels that a strategy picked, and random ones",
        f"mean of {n_pools} pools ({found.dataset.nunique()} datasets), {N_SEEDS} draws of each; "
        "band: the draws of random labels",
    )  # fmt: skip
    print(pictures.text(chart, 90, 22))
    pictures.save(chart, path)


def main() -> None:
    """Measure, fit, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry", help="SQLite file or database URL")
    for option in ("dataset", "encoder", "strategy"):
        parser.add_argument(f"--{option}", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--no-measure", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        if not given.no_measure:
            measure(store, given)
        found = results(store)
        gains = areas(found)
        known = facts(store, gains)
        told = foretold(store, found)
    kept = gains.group.map(untouched).astype(bool)
    learned, new = gains[~kept], gains[kept]
    table = fit(learned, known)
    mine = known[known.dataset_id.isin(new.dataset_id)]
    for title, part, auto in (
        ("groups held out", learned, held_out(learned, known)),
        ("untouched groups", new, chosen(new, mine, table)),
    ):
        report(title, pd.concat([part, auto]))
        doubtful(auto, part[part.strategy == table["usual"]])
    free = held_out(learned, known, margin=0).groupby("dataset").area.mean().mean()
    print(f"\nwithout the margin, groups held out: {free:.2f}")
    for (strategy, n), part in told[told.group.map(untouched)].groupby(["strategy", "n"]):
        by = part.groupby("group")[["expected", "gain", "error", "inside"]].mean().mean()
        print(
            f"untouched groups, {strategy}, {n} to {ROUNDS[-1]} labels: {by.gain:.1f} points, "
            f"expected {by.expected:.1f}, error {by.error:.1f}, coverage {by.inside:.0%}"
        )
    draw(found, PICTURE if given.write else Path("labelling.png"))
    if given.write:
        table["made_by"] = "python benchmarks/label.py REGISTRY --write"
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
